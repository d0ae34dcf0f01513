/* SPDX-License-Identifier: MIT */
/*
 * branchless.h - choices without branches.
 *
 * Some conditions vary from call to call, such as whether a free block has children in the index.
 * The processor mispredicts a branch on them every other time, which costs as much as a hundred
 * instructions. Computing both outcomes is cheaper. A sentinel, which can be read and written like
 * any block, then takes the place of a missing one.
 */
#ifndef BRANCHLESS_H
#define BRANCHLESS_H

#include <stdbool.h>
#include <stdint.h>

/* Returns all bits set if the condition holds, else 0. The assembly hides the origin of the mask
 * from the compiler, which would otherwise turn it back into a branch. */
static inline uintptr_t mask_if(bool condition)
{
    uintptr_t mask = -(uintptr_t)condition;

    if (!__builtin_constant_p(condition))
        __asm__("" : "+r"(mask));
    return mask;
}

static inline uint32_t choose(uintptr_t mask, uint32_t one, uint32_t other)
{
    return other ^ ((one ^ other) & (uint32_t)mask);
}

static inline void *choose_pointer(uintptr_t mask, void *one, void *other)
{
    return (void *)((uintptr_t)other ^ (((uintptr_t)one ^ (uintptr_t)other) & mask));
}

#endif
