/* SPDX-License-Identifier: MIT */
/*
 * A freed block is handed out again, to the request that fits it best; of several that fit equally
 * well, the one at the lowest address. Catches a free that frees nothing, a search that takes the
 * first, the largest or the last block, and one that wants more room than is needed. Freeing twice
 * changes nothing.
 */
#include "snippet.h"

int main(void)
{
    static const size_t sizes[] = {512, 128, 1024, 256, 256, 256};
    static const size_t order[] = {4, 1, 5, 0, 3, 2};
    void *blocks[LENGTH(sizes)];
    void *guards[LENGTH(sizes)]; /* between the blocks, so that they stay apart when freed */

    for (size_t i = 0; i < LENGTH(sizes); i++) {
        blocks[i] = checked_malloc(sizes[i]);
        guards[i] = checked_malloc(8);
    }
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        checked_free(blocks[order[i]]);
        os_free(blocks[order[i]]);
    }

    /* Each takes the place that a request of its size had before. */
    for (size_t i = 0; i < LENGTH(sizes); i++)
        blocks[i] = checked_malloc(sizes[i] - i);

    for (size_t i = 0; i < LENGTH(sizes); i++) {
        checked_free(blocks[i]);
        checked_free(guards[i]);
    }
}
