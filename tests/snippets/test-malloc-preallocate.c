/* SPDX-License-Identifier: MIT */
/*
 * The heap's first request takes 128 KiB from the system, once, and all that fits is served from
 * there. Catches an allocator that asks for each block, that preallocates again, another amount or
 * a page, that gives the whole piece to the first request, or gives memory back when it is freed.
 */
#include "snippet.h"

int main(void)
{
    void *small = checked_malloc(1000);
    void *half = checked_malloc(MMAP_THRESHOLD / 2);
    void *rest = checked_malloc(PAYLOAD(MMAP_THRESHOLD - TOTAL(1000) - TOTAL(MMAP_THRESHOLD / 2)));

    /* The piece is used up to its last byte. */
    void *appended = checked_malloc(100);

    checked_free(appended);
    checked_free(half);
    half = checked_malloc(MMAP_THRESHOLD / 2);

    checked_free(rest);
    checked_free(half);
    checked_free(small);
}
