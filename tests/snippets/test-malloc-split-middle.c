/* SPDX-License-Identifier: MIT */
/*
 * Of three free blocks the one in the middle fits best: it is split, and its rest serves the next
 * request. Catches a search that stops at the first block that fits, and one for the largest.
 */
#include "snippet.h"

int main(void)
{
    void *first = checked_malloc(640);
    void *after_first = checked_malloc(8);
    void *middle = checked_malloc(320);
    void *after_middle = checked_malloc(8);
    void *last = checked_malloc(960);
    void *after_last = checked_malloc(8);

    checked_free(first);
    checked_free(middle);
    checked_free(last);

    middle = checked_malloc(200);

    void *rest = checked_malloc(PAYLOAD(320 - TOTAL(200)));

    checked_free(middle);
    checked_free(rest);
    checked_free(after_first);
    checked_free(after_middle);
    checked_free(after_last);
}
