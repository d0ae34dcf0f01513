/* SPDX-License-Identifier: MIT */
/*
 * Makes code of the dynamic linker writable, which calls the program.
 *
 * Expected: invalid, flagged: changed memory of the test program or of the system's libraries
 */
#include <stdint.h>
#include <sys/mman.h>

__attribute__((constructor)) static void patch(void)
{
    uintptr_t code = (uintptr_t)__builtin_return_address(0) & ~4095UL;

    mprotect((void *)code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}
