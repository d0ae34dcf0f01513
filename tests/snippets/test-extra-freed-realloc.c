/* SPDX-License-Identifier: MIT */
/*
 * os_realloc of a block that is free returns NULL, whatever the size, and changes nothing.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    void *block = checked_malloc(200);
    void *guard = checked_malloc(8);

    judged_part();

    checked_free(block);
    CHECK_NULL(os_realloc(block, 100));
    CHECK_NULL(os_realloc(block, 200));
    CHECK_NULL(os_realloc(block, 1000));
    CHECK_NULL(os_realloc(block, MMAP_THRESHOLD));
    block = checked_malloc(200);

    clean_up();
    checked_free(block);
    checked_free(guard);
}
