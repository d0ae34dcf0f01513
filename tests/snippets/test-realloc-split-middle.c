/* SPDX-License-Identifier: MIT */
/*
 * A block has to move, and of three free ones the one in the middle fits best: it is split.
 * Catches a search that stops at the first block that fits, and one for the largest.
 */
#include "snippet.h"

int main(void)
{
    void *block = checked_realloc(NULL, 100);
    void *after_block = checked_realloc(NULL, 8);
    void *first = checked_realloc(NULL, 640);
    void *after_first = checked_realloc(NULL, 8);
    void *middle = checked_realloc(NULL, 320);
    void *after_middle = checked_realloc(NULL, 8);
    void *last = checked_realloc(NULL, 960);
    void *after_last = checked_realloc(NULL, 8);

    checked_free(first);
    checked_free(middle);
    checked_free(last);

    /* It moves there, and its rest is taken by another one, that moves too. */
    block = checked_realloc(block, 200);
    after_block = checked_realloc(after_block, PAYLOAD(320 - TOTAL(200)));

    /* It shrinks where it is. */
    block = checked_realloc(block, 100);
    void *rest = checked_realloc(NULL, PAYLOAD(200 - TOTAL(100)));

    checked_free(block);
    checked_free(rest);
    checked_free(after_block);
    checked_free(after_first);
    checked_free(after_middle);
    checked_free(after_last);
}
