/* SPDX-License-Identifier: MIT */
/*
 * A block that shrinks, or grows into its neighbour, stays whole if what is left over could not
 * hold a header and 8 bytes of payload. Catches an allocator that makes a block of every rest, or
 * of one that is a header only.
 */
#include "snippet.h"

int main(void)
{
    void *blocks[SMALLEST_REST / ALIGNMENT];
    void *guards[LENGTH(blocks)];

    for (size_t i = 0; i < LENGTH(blocks); i++) {
        blocks[i] = checked_realloc(NULL, 400);
        guards[i] = checked_realloc(NULL, 64);
    }

    /* 0, 8, 16, 24 and 32 bytes are left over. */
    for (size_t i = 0; i < LENGTH(blocks); i++)
        blocks[i] = checked_realloc(blocks[i], 400 - i * ALIGNMENT);

    /* Were there a free block before a guard, it would become one with it. */
    for (size_t i = 0; i < LENGTH(blocks); i++)
        checked_free(guards[i]);
    for (size_t i = 0; i < LENGTH(blocks); i++)
        guards[i] = checked_realloc(NULL, 64);

    /* The same, where it grows. */
    checked_free(guards[1]);
    blocks[1] = checked_realloc(blocks[1], 400 + TOTAL(64) - METADATA_SIZE);
    checked_free(blocks[2]);
    blocks[2] = checked_realloc(NULL, 400);

    for (size_t i = 0; i < LENGTH(blocks); i++)
        checked_free(blocks[i]);
    checked_free(guards[0]);
    for (size_t i = 2; i < LENGTH(blocks); i++)
        checked_free(guards[i]);
}
