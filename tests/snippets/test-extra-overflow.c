/* SPDX-License-Identifier: MIT */
/*
 * A size that overflows when it is rounded up, given a header, or multiplied returns NULL, asks for
 * nothing, and leaves the block that was to be resized as it was.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    void *block = checked_malloc(200);
    void *guard = checked_malloc(8);

    judged_part();

    CHECK_NULL(os_malloc(SIZE_MAX));
    CHECK_NULL(os_malloc(TOTAL_TOO_LARGE));
    CHECK_NULL(os_calloc(SIZE_MAX / 8 + 2, 8));
    CHECK_NULL(os_calloc(SIZE_MAX / 2 + 2, 4));
    CHECK_NULL(os_calloc(3, SIZE_MAX / 2 + 1)); /* the product wraps to no less than its factors */
    CHECK_NULL(os_realloc(block, SIZE_MAX));
    CHECK_NULL(os_realloc(NULL, TOTAL_TOO_LARGE));
    block = checked_realloc(block, 100);

    clean_up();
    checked_free(block);
    checked_free(guard);
    return 0;
}
