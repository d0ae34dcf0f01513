/* SPDX-License-Identifier: MIT */
/*
 * Asks the system for memory again and again.
 *
 * Expected: timeout
 */
#include <sys/mman.h>

#include "attack.h"

void strike(int call)
{
    while (call == 3)
        mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
