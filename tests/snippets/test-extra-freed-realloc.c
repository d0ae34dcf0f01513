/* SPDX-License-Identifier: MIT */
/*
 * os_realloc of a block that is free returns NULL, whatever the size, and changes nothing. The same
 * holds if the block has become a part of a larger free block.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    void *previous = checked_malloc(400);
    void *block = checked_malloc(200);
    void *guard = checked_malloc(8);

    judged_part();

    checked_free(block);
    CHECK_NULL(os_realloc(block, 100));
    CHECK_NULL(os_realloc(block, 200));
    CHECK_NULL(os_realloc(block, 1000));
    CHECK_NULL(os_realloc(block, MMAP_THRESHOLD));
    block = checked_malloc(200);

    checked_free(previous);
    checked_free(block);
    CHECK_NULL(os_realloc(block, 100));
    CHECK_NULL(os_realloc(block, 1000));
    CHECK_NULL(os_realloc(block, MMAP_THRESHOLD));
    block = checked_malloc(PAYLOAD(TOTAL(400) + TOTAL(200)));

    clean_up();
    checked_free(block);
    checked_free(guard);
    return 0;
}
