/* SPDX-License-Identifier: MIT */
/*
 * branchless.h - choices that are computed.
 *
 * Where the outcome is another at each call, such as whether a block has others under it in the
 * index, the processor guesses it wrong every other time, and loses the time of a hundred
 * instructions. There it pays to compute both outcomes, and to have something stand where there is
 * nothing, so that it can be read and written like the rest.
 */
#ifndef BRANCHLESS_H
#define BRANCHLESS_H

#include <stdbool.h>
#include <stdint.h>

/* All bits if the condition holds, else none. Hidden from the compiler, which would see that it is
 * one of two and make a branch of it. */
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
