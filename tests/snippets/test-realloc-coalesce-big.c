/* SPDX-License-Identifier: MIT */
/*
 * A block grows over a long run of blocks that were freed in an awkward order, and becomes a
 * mapping when it grows further; in the end the whole heap is one block again. Catches merging
 * that stops after a few neighbours, a block that is leaked when it becomes a mapping, or lost when
 * it can't become one, and a heap that grows beyond the threshold.
 */
#include "snippet.h"

int main(void)
{
    void *blocks[16];

    for (size_t i = 0; i < LENGTH(blocks); i++)
        blocks[i] = checked_realloc(NULL, 500);

    void *guard = checked_realloc(NULL, 8);

    for (size_t i = 2; i < LENGTH(blocks); i += 2)
        checked_free(blocks[i]);
    for (size_t i = LENGTH(blocks) - 1; i > 1; i -= 2)
        checked_free(blocks[i]);
    checked_free(blocks[1]);

    void *big = checked_realloc(blocks[0], PAYLOAD(LENGTH(blocks) * TOTAL(500)));

    refuse_memory();
    CHECK_ENOMEM(os_realloc(big, PAYLOAD(MMAP_THRESHOLD)));
    grant_memory();
    big = checked_realloc(big, PAYLOAD(MMAP_THRESHOLD));
    checked_free(guard);
    big = checked_realloc(big, PAYLOAD(MMAP_THRESHOLD) - ALIGNMENT);

    /* The heap's last block grows to the threshold: it moves all the same. */
    big = checked_realloc(big, PAYLOAD(MMAP_THRESHOLD));
    checked_free(big);
}
