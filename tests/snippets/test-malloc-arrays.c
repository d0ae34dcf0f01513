/* SPDX-License-Identifier: MIT */
/*
 * Blocks of many sizes live side by side. Catches sizes that are not rounded up to 8 bytes, or are
 * rounded up to something else, and blocks that overlap.
 */
#include "snippet.h"

int main(void)
{
    static const size_t sizes[] = {1,  2,  3,  4,  5,   6,   7,   8,    9,    15,   16,   17,
                                   31, 32, 33, 63, 100, 255, 256, 1001, 4095, 4096, 4097, 10000};
    void *arrays[LENGTH(sizes)];

    for (size_t i = 0; i < LENGTH(sizes); i++)
        arrays[i] = checked_malloc(sizes[i]);
    for (size_t i = 0; i < LENGTH(sizes); i++)
        checked_free(arrays[i]);

    os_free(NULL);
}
