/* SPDX-License-Identifier: MIT */
/*
 * Sleeps for a second, and behaves.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for:
 * clock_nanosleep
 */
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    if (call == 3)
        sleep(1);
}
