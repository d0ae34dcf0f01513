/* SPDX-License-Identifier: MIT */
/*
 * Makes the program's code writable, as one would to take out its checks.
 *
 * Expected: all points, flagged: changed what may be written or executed in memory
 */
#include <stdint.h>
#include <sys/mman.h>

__attribute__((constructor)) static void patch(void)
{
    uintptr_t code = (uintptr_t)__builtin_return_address(0) & ~4095UL;

    mprotect((void *)code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}
