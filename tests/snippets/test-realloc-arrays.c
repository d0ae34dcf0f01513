/* SPDX-License-Identifier: MIT */
/*
 * A block that has no room to grow moves with its contents, and its old place is free. Of NULL,
 * os_realloc makes a new block; to size 0, it frees the block and returns NULL.
 */
#include "snippet.h"

int main(void)
{
    set_up_after(checked_realloc(NULL, ALIGNMENT));

    void *small = checked_malloc(104);
    void *first_guard = checked_malloc(8);
    void *room = checked_malloc(504);
    void *second_guard = checked_malloc(8);
    void *large = checked_malloc(LARGE(80000));
    void *third_guard = checked_malloc(8);
    void *large_room = checked_malloc(LARGE(100000));
    void *fourth_guard = checked_malloc(8);

    checked_free(room);
    checked_free(large_room);

    judged_part();

    void *moved = checked_realloc(small, 504);

    small = checked_realloc(NULL, 104);
    checked_realloc(small, 0);
    small = checked_realloc(NULL, 104);
    large = checked_realloc(large, LARGE(100000));

    clean_up();
    checked_free(small);
    checked_free(moved);
    checked_free(large);
    checked_free(third_guard);
    checked_free(fourth_guard);
    checked_free(first_guard);
    checked_free(second_guard);
    return 0;
}
