/* SPDX-License-Identifier: MIT */
/*
 * A block of the heap whose total grows to 128 KiB, rounded up, moves to a mapping, even if there
 * is room for it in the heap. A mapping moves whenever its size changes, to the heap if it has
 * become small enough, and goes back to the system.
 */
#include "snippet.h"

int main(void)
{
    set_up_after(checked_realloc(NULL, ALIGNMENT));

    const size_t largest = PAYLOAD(MMAP_THRESHOLD) - ALIGNMENT; /* of those from the heap */
    void *small = uncleared_calloc(1, 2 * CALLOC_THRESHOLD);
    void *wide = uncleared_calloc(1, 4 * CALLOC_THRESHOLD);
    void *narrow = checked_malloc(2 * SIZE_PAGE);
    void *narrow_guard = checked_malloc(8);
    void *room = checked_malloc(3 * SIZE_PAGE);
    void *first_guard = checked_malloc(8);
    void *page = checked_malloc(SIZE_PAGE);
    void *second_guard = checked_malloc(8);
    void *last = checked_malloc(1000);

    checked_free(narrow);
    checked_free(room);
    checked_free(page);

    judged_part();

    last = checked_realloc(last, largest);
    last = checked_realloc(last, largest + 1);
    last = checked_realloc(last, 2 * MMAP_THRESHOLD);
    last = checked_realloc(last, MMAP_THRESHOLD);
    last = checked_realloc(last, SIZE_PAGE);
    small = checked_realloc(small, 3 * SIZE_PAGE);
    wide = checked_realloc(wide, 2 * SIZE_PAGE);

    clean_up();
    checked_free(small);
    checked_free(wide);
    checked_free(last);
    checked_free(narrow_guard);
    checked_free(first_guard);
    checked_free(second_guard);
    return 0;
}
