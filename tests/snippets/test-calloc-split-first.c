/* SPDX-License-Identifier: MIT */
/*
 * Of three free blocks the first fits best: it is split, and its rest serves the next request.
 * Catches a search for the largest block, and one that takes the last that fits.
 */
#include "snippet.h"

int main(void)
{
    void *first = checked_calloc(1, 320);
    void *after_first = checked_calloc(1, 8);
    void *middle = checked_calloc(1, 640);
    void *after_middle = checked_calloc(1, 8);
    void *last = checked_calloc(1, 960);
    void *after_last = checked_calloc(1, 8);

    checked_free(first);
    checked_free(middle);
    checked_free(last);

    first = checked_calloc(1, 200);

    void *rest = checked_calloc(1, PAYLOAD(320 - TOTAL(200)));

    checked_free(first);
    checked_free(rest);
    checked_free(after_first);
    checked_free(after_middle);
    checked_free(after_last);
}
