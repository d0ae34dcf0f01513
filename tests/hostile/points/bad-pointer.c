/* SPDX-License-Identifier: MIT */
/*
 * Hands out a pointer that the program can't use, so that it dies outside of the allocator.
 *
 * Expected: crashed
 */
#include "attack.h"

void *spoil(int call, void *result)
{
    return call == 3 ? (void *)8 : result;
}
