/* SPDX-License-Identifier: MIT */
/*
 * os_calloc serves a request whose total reaches a page by a mapping of exactly that length, and
 * any smaller one from the heap, be it the heap's first request and nearly as large as the page
 * that it preallocates.
 */
#include "snippet.h"

int main(void)
{
    const size_t largest = PAYLOAD(CALLOC_THRESHOLD) - ALIGNMENT; /* of those from the heap */

    judged_part();

    void *nearly_page = uncleared_calloc(1, largest);
    void *last = checked_malloc(16);

    checked_free(last);

    void *mapped = uncleared_calloc(1, PAYLOAD(CALLOC_THRESHOLD));
    void *rounded_up = uncleared_calloc(1, largest + 1);
    void *larger = uncleared_calloc(1, 3 * CALLOC_THRESHOLD);

    checked_free(mapped);
    checked_free(rounded_up);
    checked_free(larger);

    clean_up();
    checked_free(nearly_page);
    return 0;
}
