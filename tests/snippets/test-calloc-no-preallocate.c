/* SPDX-License-Identifier: MIT */
/*
 * os_calloc serves a request whose total reaches a page by a mapping of exactly that length, and
 * any smaller one from the heap. The free blocks of the set-up fit the one and not the other.
 */
#include "snippet.h"

int main(void)
{
    set_up_after(uncleared_calloc(1, ALIGNMENT));

    const size_t largest = PAYLOAD(SIZE_PAGE) - ALIGNMENT; /* of those from the heap */
    void *fitting = checked_malloc(largest);
    void *guard = checked_malloc(8);
    void *last = checked_malloc(1000);

    checked_free(fitting);
    checked_free(last);

    judged_part();

    void *mapped = uncleared_calloc(1, PAYLOAD(SIZE_PAGE));
    void *rounded_up = uncleared_calloc(1, largest + 1);
    void *larger = uncleared_calloc(1, 3 * SIZE_PAGE);

    fitting = uncleared_calloc(1, largest);
    checked_free(mapped);
    checked_free(rounded_up);
    checked_free(larger);

    clean_up();
    checked_free(fitting);
    checked_free(guard);
}
