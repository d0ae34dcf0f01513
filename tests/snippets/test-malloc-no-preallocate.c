/* SPDX-License-Identifier: MIT */
/*
 * Requests whose total reaches the threshold are mapped, and a mapping is no reason to set up the
 * heap. Catches a threshold that is compared with the size alone, with the size before it is
 * rounded up, or with > instead of >=; a heap that preallocates before it is needed; mappings
 * whose length is rounded up to pages, or that are unmapped in part; overflow of the total.
 */
#include "snippet.h"

int main(void)
{
    CHECK_NULL(os_malloc(0));
    CHECK_ENOMEM(os_malloc(SIZE_MAX));             /* overflows when it is rounded up, */
    CHECK_ENOMEM(os_malloc(SIZE_MAX - ALIGNMENT)); /* when the header is added, */
    CHECK_ENOMEM(os_malloc(TOTAL_TOO_LARGE));      /* only when both is done, */
    CHECK_ENOMEM(os_malloc(SIZE_MAX / 2));         /* not at all: the system refuses */

    void *exact = checked_malloc(PAYLOAD(MMAP_THRESHOLD));
    void *rounded = checked_malloc(PAYLOAD(MMAP_THRESHOLD) - ALIGNMENT + 1);
    void *larger = checked_malloc(PAYLOAD(MMAP_THRESHOLD) + 1);
    void *large = checked_malloc(3 * MMAP_THRESHOLD + 100);

    checked_free(rounded);
    checked_free(large);
    checked_free(exact);
    checked_free(larger);

    /* One step below the threshold: the heap's first request. */
    void *below = checked_malloc(PAYLOAD(MMAP_THRESHOLD) - ALIGNMENT);

    checked_free(below);
}
