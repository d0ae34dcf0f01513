/* SPDX-License-Identifier: MIT */
/*
 * Free neighbours count as one block, in whichever order they were freed, and the headers that lay
 * between them are cleared too. Catches an allocator that merges in one direction only, merges two
 * but not three, or leaves old headers in the payload.
 */
#include "snippet.h"

int main(void)
{
    void *blocks[5];

    for (size_t i = 0; i < LENGTH(blocks); i++)
        blocks[i] = checked_calloc(20, 10);

    void *guard = checked_calloc(1, 8);

    /* Two, the lower one freed first. */
    checked_free(blocks[0]);
    checked_free(blocks[1]);
    void *low = checked_calloc(1, PAYLOAD(2 * TOTAL(200)));

    /* Two, the upper one freed first. */
    checked_free(blocks[4]);
    checked_free(blocks[3]);
    void *high = checked_calloc(1, PAYLOAD(2 * TOTAL(200)));

    /* Three, the one in the middle last. */
    checked_free(low);
    checked_free(high);
    checked_free(blocks[2]);
    void *all = checked_calloc(1, PAYLOAD(5 * TOTAL(200)));

    checked_free(all);
    checked_free(guard);
}
