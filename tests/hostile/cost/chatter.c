/* SPDX-License-Identifier: MIT */
/*
 * Makes the trace of each test long, though never too long, and behaves.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: getppid
 */
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    if (call == 1)
        for (int i = 0; i < 7000; ++i)
            getppid();
}
