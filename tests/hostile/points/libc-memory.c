/* SPDX-License-Identifier: MIT */
/*
 * Takes memory from libc before the program begins, where no call shows it.
 *
 * Expected: all points, flagged: asked the system for memory outside of calls of the allocator
 */
#include <stdlib.h>

static void *volatile hidden;

__attribute__((constructor)) static void take(void)
{
    hidden = malloc(1 << 20);
}
