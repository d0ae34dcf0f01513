/* SPDX-License-Identifier: MIT */
/*
 * Free neighbours count as one block, in whichever order they were freed. Catches an allocator
 * that merges in one direction only, merges two but not three, forgets the header that is gained,
 * merges only when nothing fits otherwise, or takes a block that was merged for one in use when it
 * is freed once more.
 */
#include "snippet.h"

int main(void)
{
    void *blocks[5];

    for (size_t i = 0; i < LENGTH(blocks); i++)
        blocks[i] = checked_malloc(200);

    void *guard = checked_malloc(8);
    void *single = checked_malloc(800);
    void *last_guard = checked_malloc(8);

    /* Two, the lower one freed first. */
    checked_free(blocks[0]);
    checked_free(blocks[1]);
    os_free(blocks[1]);
    void *half = checked_malloc(200);
    void *other_half = checked_malloc(200);

    checked_free(other_half);
    checked_free(half);
    void *low = checked_malloc(PAYLOAD(2 * TOTAL(200)));
    void *other = checked_malloc(200);

    /* Two, the upper one freed first. */
    checked_free(blocks[4]);
    checked_free(blocks[3]);
    void *high = checked_malloc(PAYLOAD(2 * TOTAL(200)));

    /* Three, the one in the middle last. */
    checked_free(low);
    checked_free(high);
    checked_free(blocks[2]);
    void *all = checked_malloc(PAYLOAD(5 * TOTAL(200)));

    checked_free(all);
    checked_free(other);

    /* Each of two would fit better than the single one, but together, as they count, they don't. */
    low = checked_malloc(500);
    high = checked_malloc(500);
    checked_free(low);
    checked_free(high);
    checked_free(single);
    void *best = checked_malloc(400);

    checked_free(best);
    checked_free(guard);
    checked_free(last_guard);
}
