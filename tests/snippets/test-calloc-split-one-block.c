/* SPDX-License-Identifier: MIT */
/*
 * A free block that is larger than the request is split: the request takes its beginning, and the
 * rest serves the next one, without a request to the system.
 */
#include "snippet.h"

int main(void)
{
    set_up_after(uncleared_calloc(1, ALIGNMENT));

    void *block = checked_malloc(3008);
    void *guard = checked_malloc(8);

    checked_free(block);

    judged_part();

    void *first = uncleared_calloc(1, 1008);
    void *second = uncleared_calloc(1, 1504);
    void *third = uncleared_calloc(1, NEARLY_ALL(3008 - TOTAL(1008) - TOTAL(1504)));

    clean_up();
    checked_free(first);
    checked_free(second);
    checked_free(third);
    checked_free(guard);
    return 0;
}
