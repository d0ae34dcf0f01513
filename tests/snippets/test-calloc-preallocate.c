/* SPDX-License-Identifier: MIT */
/*
 * The heap preallocates once, whichever function asks first, and that function decides how much.
 * Catches os_malloc()'s amount being used for os_calloc(), and a preallocation for each of the
 * functions.
 */
#include "snippet.h"

int main(void)
{
    void *low = checked_calloc(10, 100);
    void *middle = checked_malloc(500);
    void *high = checked_calloc(1, PAYLOAD(SIZE_PAGE - TOTAL(1000) - TOTAL(500)));

    /* Together they take up a page, to its last byte. */
    void *more = checked_calloc(10, 10);
    void *most = checked_malloc(5000);

    checked_free(middle);
    checked_free(low);
    checked_free(most);
    checked_free(high);
    checked_free(more);
}
