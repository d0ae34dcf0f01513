/* SPDX-License-Identifier: MIT */
/*
 * Makes the program's table writable, and leaves it as it is.
 *
 * Expected: invalid, flagged: changed what may be written or executed in memory; changed memory of
 * the test program or of the system's libraries
 */
#include <sys/mman.h>

#include "table.h"

__attribute__((constructor)) static void unlock(void)
{
    uintptr_t page = (uintptr_t)slot_of("__errno_location", 0) & ~4095ul;

    mprotect((void *)page, 4096, PROT_READ | PROT_WRITE);
}
