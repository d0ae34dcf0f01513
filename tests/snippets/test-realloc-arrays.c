/* SPDX-License-Identifier: MIT */
/*
 * Arrays change between many sizes and keep what they hold. Catches contents that are not copied,
 * or not to the last byte, a copy that reads beyond the old block's end, a block that moves where
 * it need not, and a failure that costs the old block.
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
    CHECK_ENOMEM(os_realloc(arrays[0], TOTAL_TOO_LARGE));

    for (size_t i = 0; i < LENGTH(sizes); i++)
        checked_free(arrays[i]);

    /* A small block near the heap's end moves down to a large one. As many bytes as that one has
     * are not there to be read: the heap ends before. */
    void *bottom = checked_realloc(NULL, 100000);
    void *array = checked_realloc(NULL, 200);

    checked_free(bottom);
    array = checked_realloc(array, 90000);

    /* What is large now moves up, and into a mapping. */
    void *guard = checked_realloc(NULL, 8);

    array = checked_realloc(array, 95000);
    array = checked_realloc(array, PAYLOAD(MMAP_THRESHOLD));
    checked_free(guard);
    checked_free(array);
}
