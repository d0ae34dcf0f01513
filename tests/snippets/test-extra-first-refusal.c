/* SPDX-License-Identifier: MIT */
/*
 * If the system refuses the heap's first request, the heap stays empty: the next request is the
 * first one again, and preallocates.
 */
#include "snippet.h"

int main(void)
{
    judged_part();

    refuse_memory();
    CHECK_NULL(os_malloc(1000));
    CHECK_NULL(os_calloc(1, 1000));
    CHECK_NULL(os_realloc(NULL, 1000));
    grant_memory();

    void *first = checked_malloc(1000);
    void *second = checked_malloc(2000);

    clean_up();
    checked_free(second);
    checked_free(first);
    return 0;
}
