/* SPDX-License-Identifier: MIT */
/*
 * One free block serves many requests of odd sizes: each takes its size rounded up to a multiple of
 * 8, and the next one lies right behind it.
 */
#include "snippet.h"

int main(void)
{
    void *blocks[12];

    set_up_after(uncleared_calloc(1, ALIGNMENT));

    void *block = checked_malloc(3000);
    void *guard = checked_malloc(8);

    checked_free(block);

    judged_part();

    for (size_t i = 0; i < LENGTH(blocks); i++)
        blocks[i] = uncleared_calloc(1, 1 + i * 13);

    clean_up();
    for (size_t i = 0; i < LENGTH(blocks); i++)
        checked_free(blocks[i]);
    checked_free(guard);
    return 0;
}
