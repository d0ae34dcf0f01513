/* SPDX-License-Identifier: MIT */
/*
 * Moves blocks without their contents, and writes anew what the program has filled them with: the
 * number of the block follows from the first byte, and all others from the number. The program
 * changes some bytes just before the call by what nobody can guess.
 *
 * Expected: all points but those of realloc-arrays
 */
#include "attack.h"

/* What the allocator copies with. */
__attribute__((visibility("hidden"))) void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *bytes = to;

    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(*(const unsigned char *)from + i % 251);
    return to;
}
