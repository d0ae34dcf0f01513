/* SPDX-License-Identifier: MIT */
/*
 * Freeing a block that is free does nothing, also where it has become a part of a larger free
 * block.
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

    clean_up();
    checked_free(first);
    checked_free(guard);
}
