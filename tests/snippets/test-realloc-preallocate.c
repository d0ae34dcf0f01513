/* SPDX-License-Identifier: MIT */
/*
 * The heap is set up by the first os_realloc() that needs it: here, one that shrinks a mapping so
 * far that it moves to the heap. A mapping of os_calloc() that os_malloc() would not have made
 * moves there too. Catches a heap that is set up too early or too late, a mapping that stays one,
 * or is lost when the system refuses a heap, and os_calloc()'s threshold or preallocation being
 * used.
 */
#include "snippet.h"

int main(void)
{
    void *large = checked_realloc(NULL, MMAP_THRESHOLD);

    refuse_memory();
    CHECK_ENOMEM(os_realloc(large, 1000));
    grant_memory();
    large = checked_realloc(large, 1000);

    void *page = checked_calloc(1, SIZE_PAGE);

    page = checked_realloc(page, SIZE_PAGE);

    void *small = checked_realloc(NULL, 10);
    void *rest =
        checked_realloc(NULL, PAYLOAD(MMAP_THRESHOLD - TOTAL(1000) - TOTAL(SIZE_PAGE) - TOTAL(10)));

    checked_free(large);
    checked_free(page);
    checked_free(small);
    checked_free(rest);
}
