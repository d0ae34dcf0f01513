/* SPDX-License-Identifier: MIT */
/*
 * Where the system refuses, NULL is returned and nothing else changes: blocks keep their place and
 * contents, what a block took in is free again, and later requests are served.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    void *block = checked_malloc(200);
    void *behind = checked_malloc(200);
    void *guard = checked_malloc(8);
    void *mapped = checked_malloc(MMAP_THRESHOLD);
    void *last = checked_malloc(200);

    checked_free(behind);

    judged_part();

    refuse_memory();
    CHECK_NULL(os_malloc(1000));
    CHECK_NULL(os_malloc(MMAP_THRESHOLD));
    CHECK_NULL(os_calloc(1, 2000));
    CHECK_NULL(os_calloc(1, CALLOC_THRESHOLD));
    CHECK_NULL(os_realloc(block, 5000));
    CHECK_NULL(os_realloc(block, MMAP_THRESHOLD));
    CHECK_NULL(os_realloc(last, 5000));
    CHECK_NULL(os_realloc(mapped, 2 * MMAP_THRESHOLD));
    grant_memory();

    behind = checked_malloc(200);
    last = checked_realloc(last, 1000);

    clean_up();
    checked_free(behind);
    checked_free(block);
    checked_free(mapped);
    checked_free(guard);
    checked_free(last);
    return 0;
}
