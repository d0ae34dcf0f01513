/* SPDX-License-Identifier: MIT */
/*
 * Makes code of libc writable, as one would to change what the program's checks call.
 *
 * Expected: invalid, flagged: changed memory of the test program or of the system's libraries
 */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

__attribute__((constructor)) static void patch(void)
{
    uintptr_t code = (uintptr_t)sbrk & ~4095ul;

    mprotect((void *)code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}
