/* SPDX-License-Identifier: MIT */
/*
 * A size that is huge but does not overflow is for the system to refuse: a mapping of its total is
 * asked for.
 */
#include "snippet.h"

int main(void)
{
    /* As a signed number it is negative, and as an int it is 200. */
    const size_t huge = SIZE_MAX / 2 + 1 + 200;

    set_up();

    void *block = checked_malloc(1000);
    void *guard = checked_malloc(8);

    judged_part();

    CHECK_NULL(os_malloc(huge));
    CHECK_NULL(os_calloc(1, huge));
    CHECK_NULL(os_realloc(block, huge));
    CHECK_NULL(os_realloc(NULL, huge));
    block = checked_realloc(block, 1000);

    clean_up();
    checked_free(block);
    checked_free(guard);
    return 0;
}
