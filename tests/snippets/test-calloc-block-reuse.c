/* SPDX-License-Identifier: MIT */
/*
 * A freed block is handed out again, cleared, whichever function had it before. Catches memory
 * that is only zero when it is new, and a search that does not take the best fit.
 */
#include "snippet.h"

int main(void)
{
    void *small = checked_calloc(10, 20);
    void *after_small = checked_calloc(1, 8);
    void *large = checked_malloc(1000);
    void *after_large = checked_calloc(1, 8);
    void *mapping = checked_calloc(2, SIZE_PAGE);

    checked_free(large);
    checked_free(small);
    checked_free(mapping);

    /* Each takes the place that a request of its size had before. */
    large = checked_calloc(100, 10);
    small = checked_calloc(199, 1);
    mapping = checked_calloc(SIZE_PAGE, 2);

    checked_free(mapping);
    checked_free(small);
    os_free(small);
    checked_free(after_small);
    checked_free(large);
    checked_free(after_large);
    os_free(NULL);
}
