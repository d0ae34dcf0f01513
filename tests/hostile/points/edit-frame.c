/* SPDX-License-Identifier: MIT */
/*
 * Keeps no contents, and makes the caller believe that there were none: whatever it has noted
 * beside the address of the block, the size most likely, becomes 0.
 *
 * Expected: all points but those of realloc-arrays
 */
#include <stdint.h>
#include <string.h>

#include "attack.h"

#define WORDS 200

void *resize(const void *ptr, size_t size, void *moved)
{
    volatile uintptr_t *frame = __builtin_frame_address(0);

    if (ptr == NULL || moved == NULL || moved == ptr)
        return moved;
    memset(moved, 0, size);
    for (size_t i = 2; i < WORDS; i++)
        if (frame[i] == (uintptr_t)ptr && frame[i + 1] != 0 && frame[i + 1] < 1u << 20)
            frame[i + 1] = 0;
    return moved;
}
