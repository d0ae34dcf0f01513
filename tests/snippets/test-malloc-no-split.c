/* SPDX-License-Identifier: MIT */
/*
 * A block is handed out whole if what is left over could not hold a header and 8 bytes of payload.
 * Catches an allocator that makes a block of every rest, or of one that is a header only.
 */
#include "snippet.h"

int main(void)
{
    void *blocks[SMALLEST_REST / ALIGNMENT];
    void *guards[LENGTH(blocks)];

    for (size_t i = 0; i < LENGTH(blocks); i++) {
        blocks[i] = checked_malloc(400);
        guards[i] = checked_malloc(64);
    }
    for (size_t i = 0; i < LENGTH(blocks); i++)
        checked_free(blocks[i]);

    /* 0, 8, 16, 24 and 32 bytes are left over. */
    for (size_t i = 0; i < LENGTH(blocks); i++)
        blocks[i] = checked_malloc(400 - i * ALIGNMENT);

    /* Were there a free block before a guard, it would become one with it. */
    for (size_t i = 0; i < LENGTH(blocks); i++)
        checked_free(guards[i]);
    for (size_t i = 0; i < LENGTH(blocks); i++)
        guards[i] = checked_malloc(64);

    for (size_t i = 0; i < LENGTH(blocks); i++) {
        checked_free(blocks[i]);
        checked_free(guards[i]);
    }
}
