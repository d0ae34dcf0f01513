/* SPDX-License-Identifier: MIT */
/*
 * Writes to address 0 inside a call.
 *
 * Expected: crashed
 */
#include "attack.h"

void strike(int call)
{
    if (call == 3)
        *(volatile int *)0 = 1;
}
