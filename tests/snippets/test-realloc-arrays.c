/* SPDX-License-Identifier: MIT */
/*
 * Arrays change between many sizes and keep what they hold. Catches contents that are not copied,
 * or not to the last byte, a block that moves where it need not, and a failure that costs the old
 * block.
 */
#include "snippet.h"

int main(void)
{
    static const size_t sizes[] = {1, 100, 9, 3000, 8, 257, 1000, 16, 5000, 33};
    void *arrays[LENGTH(sizes)];

    for (size_t i = 0; i < LENGTH(sizes); i++)
        arrays[i] = checked_realloc(NULL, sizes[i]);
    for (size_t i = 0; i < LENGTH(sizes); i++)
        arrays[i] = checked_realloc(arrays[i], 2 * sizes[i] + 1);
    for (size_t i = 0; i < LENGTH(sizes); i++)
        arrays[i] = checked_realloc(arrays[i], sizes[i]);
    for (size_t i = 0; i < LENGTH(sizes); i++)
        arrays[i] = checked_realloc(arrays[i], sizes[LENGTH(sizes) - 1 - i]);

    CHECK_ENOMEM(os_realloc(arrays[0], SIZE_MAX));
    CHECK_ENOMEM(os_realloc(arrays[0], SIZE_MAX - ALIGNMENT));

    for (size_t i = 0; i < LENGTH(sizes); i++)
        checked_free(arrays[i]);
}
