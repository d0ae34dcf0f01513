/* SPDX-License-Identifier: MIT */
/*
 * A block shrinks step by step; each piece it gives up serves a request. When all are freed it
 * grows back over them. Catches pieces that are lost, that do not adjoin the block, or that are
 * not all taken back.
 */
#include "snippet.h"

int main(void)
{
    void *vector = checked_realloc(NULL, 4000);
    void *guard = checked_realloc(NULL, 8);
    void *pieces[12];
    size_t size = 4000;

    for (size_t i = 0; i < LENGTH(pieces); i++) {
        size -= TOTAL(1 + 25 * i);
        vector = checked_realloc(vector, size);
        pieces[i] = checked_realloc(NULL, 1 + 25 * i);
    }
    for (size_t i = 0; i < LENGTH(pieces); i++)
        checked_free(pieces[i]);

    vector = checked_realloc(vector, 4000);
    checked_free(vector);
    checked_free(guard);
}
