/* SPDX-License-Identifier: MIT */
/*
 * Sleeps in each test, though never for too long, and behaves.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for:
 * clock_nanosleep
 */
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    if (call == 1)
        usleep(800000);
}
