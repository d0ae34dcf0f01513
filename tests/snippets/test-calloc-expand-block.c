/* SPDX-License-Identifier: MIT */
/*
 * Where nothing fits but the heap ends in a free block, only what that one lacks is asked for, and
 * the old part is cleared as well as the new one. Catches growth by the whole request or by a
 * page, and clearing that relies on new memory being zero.
 */
#include "snippet.h"

int main(void)
{
    /* Leaves a free block of 1000 bytes at the heap's end. */
    void *bottom = checked_malloc(MMAP_THRESHOLD / 2);
    void *middle =
        checked_malloc(PAYLOAD(MMAP_THRESHOLD - TOTAL(MMAP_THRESHOLD / 2) - TOTAL(1000)));

    void *last = checked_calloc(3, 500);
    checked_free(last);
    last = checked_calloc(4, 500);

    /* The last block is in use: a new one follows it. */
    void *appended = checked_calloc(5, 100);

    /* The last two are freed, and lack something together. */
    checked_free(last);
    checked_free(appended);
    last = checked_calloc(1, 4000);

    checked_free(middle);
    checked_free(last);
    checked_free(bottom);
}
