/* SPDX-License-Identifier: MIT */
/*
 * Puts memory of its own in the place of other memory, as one would to replace a program's code.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: mremap
 */
#include <stdint.h>
#include <sys/mman.h>

static char pages[4 * 65536];

__attribute__((constructor)) static void move(void)
{
    char *from = (char *)(((uintptr_t)pages + 65535) & ~(uintptr_t)65535);

    mremap(from, 65536, 65536, MREMAP_MAYMOVE | MREMAP_FIXED, from + 65536);
}
