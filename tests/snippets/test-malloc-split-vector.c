/* SPDX-License-Identifier: MIT */
/*
 * One block is cut into many, and is whole again when all of them are freed. Catches rests that
 * are lost, or whose size or place in the list is wrong after another split.
 */
#include "snippet.h"

int main(void)
{
    void *vector = checked_malloc(4000);
    void *guard = checked_malloc(8);
    void *pieces[12];

    checked_free(vector);
    for (size_t i = 0; i < LENGTH(pieces); i++)
        pieces[i] = checked_malloc(1 + 25 * i);
    for (size_t i = LENGTH(pieces); i > 0; i--)
        checked_free(pieces[i - 1]);

    vector = checked_malloc(4000);
    checked_free(vector);
    checked_free(guard);
}
