/* SPDX-License-Identifier: MIT */
/*
 * A free block that is larger than the request is split: the request takes its beginning, and the
 * rest serves the next one, without a request to the system.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    void *block = checked_malloc(3008);
    void *guard = checked_malloc(8);

    checked_free(block);

    judged_part();

    void *first = checked_malloc(1008);
    void *second = checked_malloc(1504);
    void *third = checked_malloc(NEARLY_ALL(3008 - TOTAL(1008) - TOTAL(1504)));

    clean_up();
    checked_free(first);
    checked_free(second);
    checked_free(third);
    checked_free(guard);
    return 0;
}
