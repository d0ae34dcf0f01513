/* SPDX-License-Identifier: MIT */
/*
 * Tells what only the program tells: that something was checked.
 *
 * Expected: invalid, flagged: told in place of the test program what was checked
 */
#include <sys/mman.h>

#define ADDED (0x5E7Cull << 48 | 6ull << 44)

__attribute__((destructor)) static void tell(void)
{
    munmap((void *)ADDED, 0);
}
