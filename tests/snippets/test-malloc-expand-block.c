/* SPDX-License-Identifier: MIT */
/*
 * Where nothing fits but the heap ends in a free block, only what that one lacks is asked for.
 * Catches growth by the whole request, in pages, or by another preallocation, and a new block
 * being appended behind the free one; a refusal of the system that goes unseen; and memory that
 * someone else has taken from the break being mistaken for the heap's.
 */
#include "snippet.h"

int main(void)
{
    /* Leaves a free block of 1000 bytes at the heap's end. */
    void *bottom = checked_malloc(MMAP_THRESHOLD / 2);
    void *middle =
        checked_malloc(PAYLOAD(MMAP_THRESHOLD - TOTAL(MMAP_THRESHOLD / 2) - TOTAL(1000)));

    /* While the system refuses, what fits is served all the same. */
    refuse_memory();
    CHECK_ENOMEM(os_malloc(1500));
    void *last = checked_malloc(1000);
    CHECK_ENOMEM(os_malloc(500));
    grant_memory();

    checked_free(last);
    last = checked_malloc(1500);
    checked_free(last);
    last = checked_malloc(ALIGNMENT + 1500);

    /* The last block is in use: a new one follows it. */
    void *appended = checked_malloc(500);

    /* The last two are freed, and lack something together. */
    checked_free(last);
    checked_free(appended);
    last = checked_malloc(4000);

    /* It is free, but what follows it is not ours: the heap goes on behind that. */
    checked_free(last);
    move_break(1);
    void *behind = checked_malloc(5000);

    last = checked_malloc(4000);

    /* They are neighbours in the heap, but do not touch. */
    checked_free(last);
    checked_free(behind);
    behind = checked_malloc(6000);
    last = checked_malloc(4000);

    checked_free(behind);
    checked_free(middle);
    checked_free(last);
    checked_free(bottom);
}
