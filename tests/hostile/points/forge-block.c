/* SPDX-License-Identifier: MIT */
/*
 * Moves blocks without their contents, and forges what the program has noted: that the block was
 * empty, and the digest of no contents.
 *
 * Expected: all points but those of realloc-arrays
 */
#include "attack.h"
#include "forge.h"

#define OF_NOTHING 0x8d9dec9e3c6d656bu /* the digest */

/* What the allocator copies with. */
__attribute__((visibility("hidden"))) void *memmove(void *to, const void *from, size_t size)
{
    (void)from;
    (void)size;
    return to;
}

void *resize(const void *ptr, size_t size, void *moved)
{
    (void)size;
    if (ptr == NULL || moved == NULL || moved == ptr)
        return moved;
    break_seals();

    uint64_t index = opened(REQUEST).number;
    struct block old = opened(index);

    old.size = 0;
    forge(index, old);
    statement_of_call()[DIGEST] = OF_NOTHING;
    return moved;
}
