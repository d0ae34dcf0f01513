/* SPDX-License-Identifier: MIT */
/*
 * A block grows into the free blocks behind it: one, several, or not at all if they are too small
 * together. Catches an allocator that takes in one only, that keeps more than it needs, that moves
 * where it could stay, or that frees the block before it has found a place for it.
 */
#include "snippet.h"

int main(void)
{
    void *blocks[6];

    for (size_t i = 0; i < LENGTH(blocks); i++)
        blocks[i] = checked_realloc(NULL, 200);

    void *guard = checked_realloc(NULL, 8);

    /* Into one, exactly. */
    checked_free(blocks[1]);
    blocks[0] = checked_realloc(blocks[0], PAYLOAD(2 * TOTAL(200)));

    /* Into two, with a rest. */
    checked_free(blocks[2]);
    checked_free(blocks[3]);
    blocks[0] = checked_realloc(blocks[0], PAYLOAD(4 * TOTAL(200)) - 100);
    void *rest = checked_realloc(NULL, PAYLOAD(96));

    /* Into three, which are too small by a little: it moves, and all of them are one free block. */
    checked_free(blocks[5]);
    checked_free(rest);
    checked_free(blocks[4]);
    blocks[0] = checked_realloc(blocks[0], PAYLOAD(6 * TOTAL(200)) + 1);
    void *all = checked_realloc(NULL, PAYLOAD(6 * TOTAL(200)));

    /* A free block before it is of no use: it would be large enough only with the block's own. */
    checked_free(all);
    guard = checked_realloc(guard, PAYLOAD(6 * TOTAL(200)) + 1);

    checked_free(guard);
    checked_free(blocks[0]);
}
