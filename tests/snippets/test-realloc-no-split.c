/* SPDX-License-Identifier: MIT */
/*
 * A block that shrinks by less than a header and 8 bytes stays whole: it has the bytes still when
 * it grows again, and when it is free. What lies behind it, free or not, does not get them.
 */
#include "snippet.h"

int main(void)
{
    set_up_after(checked_realloc(NULL, ALIGNMENT));

    void *block = checked_malloc(1000);
    void *guard = checked_malloc(8);
    void *other = checked_malloc(2000);
    void *behind = checked_malloc(504);
    void *other_guard = checked_malloc(8);

    checked_free(behind);

    judged_part();

    other = checked_realloc(other, 1984);
    behind = checked_malloc(NEARLY_ALL(504));

    block = checked_realloc(block, NEARLY_ALL(1000));
    block = checked_realloc(block, 1000);
    block = checked_realloc(block, NEARLY_ALL(1000));
    checked_free(block);
    block = checked_malloc(1000 - ALIGNMENT);

    clean_up();
    checked_free(block);
    checked_free(other);
    checked_free(behind);
    checked_free(guard);
    checked_free(other_guard);
    return 0;
}
