/* SPDX-License-Identifier: MIT */
/*
 * Requests whose total reaches a page are mapped, and a mapping is no reason to set up the heap.
 * Catches os_malloc()'s threshold being used, or being compared wrongly; a product that overflows.
 */
#include "snippet.h"

int main(void)
{
    CHECK_NULL(os_calloc(0, 100));
    CHECK_NULL(os_calloc(100, 0));
    CHECK_ENOMEM(os_calloc(SIZE_MAX / 8 + 2, 8));      /* 8, if the overflow goes unseen */
    CHECK_ENOMEM(os_calloc(0x100000001, 0x100000001)); /* more than each factor even then */
    CHECK_ENOMEM(os_calloc(1, SIZE_MAX));
    CHECK_ENOMEM(os_calloc(TOTAL_TOO_LARGE, 1));
    CHECK_ENOMEM(os_calloc(SIZE_MAX / 2, 1));

    void *exact = checked_calloc(1, PAYLOAD(SIZE_PAGE));
    void *rounded = checked_calloc(PAYLOAD(SIZE_PAGE) - ALIGNMENT + 1, 1);
    void *pages = checked_calloc(10, 1000);
    void *large = checked_calloc(2, MMAP_THRESHOLD);

    checked_free(pages);
    checked_free(exact);
    checked_free(large);
    checked_free(rounded);

    /* One step below the threshold: the heap's first request. */
    void *below = checked_calloc(1, PAYLOAD(SIZE_PAGE) - ALIGNMENT);

    checked_free(below);
}
