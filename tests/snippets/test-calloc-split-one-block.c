/* SPDX-License-Identifier: MIT */
/*
 * A block that is larger than the request is cut, and what is left over serves the next request,
 * down to the smallest block there can be. Catches an allocator that never splits or loses the
 * rest, and one that clears the rest's header away.
 */
#include "snippet.h"

int main(void)
{
    void *block = checked_calloc(100, 10);
    void *guard = checked_calloc(1, 8);

    checked_free(block);

    void *low = checked_calloc(10, 10);
    void *middle = checked_calloc(1, 1000 - TOTAL(100) - SMALLEST_REST);
    void *high = checked_calloc(1, ALIGNMENT);

    checked_free(middle);
    middle = checked_calloc(3, 100);
    checked_free(low);
    checked_free(middle);
    checked_free(high);
    checked_free(guard);
}
