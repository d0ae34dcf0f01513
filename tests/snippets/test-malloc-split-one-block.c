/* SPDX-License-Identifier: MIT */
/*
 * A block that is larger than the request is cut, and what is left over serves the next request,
 * down to the smallest block there can be. Catches an allocator that never splits, that wants more
 * than 8 bytes of payload to be left over, that loses the rest, or miscounts its size.
 */
#include "snippet.h"

int main(void)
{
    void *block = checked_malloc(1000);
    void *guard = checked_malloc(8);

    checked_free(block);

    void *low = checked_malloc(100);
    void *middle = checked_malloc(1000 - TOTAL(100) - SMALLEST_REST);
    void *high = checked_malloc(ALIGNMENT);

    checked_free(middle);
    middle = checked_malloc(300);
    checked_free(low);
    checked_free(middle);
    checked_free(high);
    checked_free(guard);
}
