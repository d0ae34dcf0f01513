/* SPDX-License-Identifier: MIT */
/*
 * Of three free blocks the first fits best: it is split, and its rest serves the next request.
 * Catches a search for the largest block, and one that takes the last that fits.
 */
#include "snippet.h"

int main(void)
{
    void *first = checked_malloc(320);
    void *after_first = checked_malloc(8);
    void *middle = checked_malloc(640);
    void *after_middle = checked_malloc(8);
    void *last = checked_malloc(960);
    void *after_last = checked_malloc(8);

    checked_free(first);
    checked_free(middle);
    checked_free(last);

    first = checked_malloc(200);

    void *rest = checked_malloc(PAYLOAD(320 - TOTAL(200)));

    checked_free(first);
    checked_free(rest);
    checked_free(after_first);
    checked_free(after_middle);
    checked_free(after_last);
}
