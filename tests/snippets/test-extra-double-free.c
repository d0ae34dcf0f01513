/* SPDX-License-Identifier: MIT */
/*
 * Freeing a block that is free does nothing, even if it has become a part of a larger free block:
 * the block that follows stays in use.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    void *first = checked_malloc(200);
    void *second = checked_malloc(200);
    void *guard = checked_malloc(8);

    judged_part();

    checked_free(first);
    os_free(first);
    checked_free(second);
    os_free(second);
    first = checked_malloc(PAYLOAD(2 * TOTAL(200)));

    void *other = checked_malloc(8);

    clean_up();
    checked_free(first);
    checked_free(other);
    checked_free(guard);
    return 0;
}
