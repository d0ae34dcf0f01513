/* SPDX-License-Identifier: MIT */
/*
 * A mapping never changes its size: os_realloc() makes a new one and unmaps the old one, also when
 * it shrinks or keeps its size. The heap is not needed for it. Catches a mapping that is kept,
 * leaked, or copied in part, and a failure that costs the old block.
 */
#include "snippet.h"

int main(void)
{
    CHECK_NULL(os_realloc(NULL, 0));
    CHECK_ENOMEM(os_realloc(NULL, SIZE_MAX));

    void *block = checked_realloc(NULL, PAYLOAD(MMAP_THRESHOLD));

    block = checked_realloc(block, 2 * MMAP_THRESHOLD);
    block = checked_realloc(block, 2 * MMAP_THRESHOLD);
    block = checked_realloc(block, MMAP_THRESHOLD);

    CHECK_ENOMEM(os_realloc(block, SIZE_MAX));
    CHECK_ENOMEM(os_realloc(block, SIZE_MAX / 2));
    block = checked_realloc(block, PAYLOAD(MMAP_THRESHOLD));

    checked_realloc(block, 0); /* frees it */
    block = checked_realloc(NULL, PAYLOAD(MMAP_THRESHOLD));
    checked_free(block);
}
