/* SPDX-License-Identifier: MIT */
/*
 * Never comes back.
 *
 * Expected: timeout
 */
#include "attack.h"

void strike(int call)
{
    while (call == 3)
        __asm__ volatile("");
}
