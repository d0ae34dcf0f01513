/* SPDX-License-Identifier: MIT */
/*
 * A freed block is handed out again, to the request that fits it best; of several that fit equally
 * well, the one at the lowest address. Catches a free that frees nothing, a search that takes the
 * first, the largest or the last block, that wants more room than is needed, or does not compare
 * large blocks. Freeing twice changes nothing.
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

    /* Of two large ones the second fits better. */
    void *large = checked_malloc(100000);
    void *after_large = checked_malloc(8);
    void *smaller = checked_malloc(70000);
    void *after_smaller = checked_malloc(8);

    checked_free(large);
    checked_free(smaller);
    smaller = checked_malloc(66000);

    checked_free(smaller);
    checked_free(after_large);
    checked_free(after_smaller);
}
