/* SPDX-License-Identifier: MIT */
/*
 * One block is cut into many, and is whole again when all of them are freed. Catches rests that
 * are lost, whose size or place in the list is wrong after another split, or that are cleared
 * along with the block before them.
 */
#include "snippet.h"

int main(void)
{
    void *vector = checked_calloc(40, 100);
    void *guard = checked_calloc(1, 8);
    void *pieces[12];

    checked_free(vector);
    for (size_t i = 0; i < LENGTH(pieces); i++)
        pieces[i] = checked_calloc(i + 1, 20);
    for (size_t i = LENGTH(pieces); i > 0; i--)
        checked_free(pieces[i - 1]);

    vector = checked_calloc(100, 40);
    checked_free(vector);
    checked_free(guard);
}
