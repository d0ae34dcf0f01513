/* SPDX-License-Identifier: MIT */
/*
 * What a block gives up when it shrinks serves the next request, down to the smallest block there
 * can be; and it takes it back when it grows. Catches an allocator that never shrinks a block,
 * that moves it, that wants more than 8 bytes of payload to be left over, or loses the rest.
 */
#include "snippet.h"

int main(void)
{
    void *block = checked_realloc(NULL, 1000);
    void *guard = checked_realloc(NULL, 8);

    block = checked_realloc(block, 504);
    void *rest = checked_realloc(NULL, PAYLOAD(1000 - 504));

    block = checked_realloc(block, 504 - SMALLEST_REST);
    void *smallest = checked_realloc(NULL, ALIGNMENT);

    checked_free(smallest);
    block = checked_realloc(block, 504);
    checked_free(rest);
    block = checked_realloc(block, 600);
    block = checked_realloc(block, 1000);

    checked_free(block);
    checked_free(guard);
}
