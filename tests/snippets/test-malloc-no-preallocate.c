/* SPDX-License-Identifier: MIT */
/*
 * os_malloc serves a request whose total reaches 128 KiB by a mapping of exactly that length, and
 * any smaller one from the heap, whatever is free there.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    const size_t largest = PAYLOAD(MMAP_THRESHOLD) - ALIGNMENT; /* of those from the heap */
    void *fitting = checked_malloc(largest);
    void *guard = checked_malloc(8);
    void *last = checked_malloc(1000);

    checked_free(fitting);
    checked_free(last);

    judged_part();

    fitting = checked_malloc(largest);

    void *mapped = checked_malloc(PAYLOAD(MMAP_THRESHOLD));
    void *rounded_up = checked_malloc(largest + 1);
    void *larger = checked_malloc(3 * MMAP_THRESHOLD);

    checked_free(mapped);
    checked_free(rounded_up);
    checked_free(larger);

    clean_up();
    checked_free(fitting);
    checked_free(guard);
    return 0;
}
