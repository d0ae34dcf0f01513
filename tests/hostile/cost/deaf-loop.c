/* SPDX-License-Identifier: MIT */
/*
 * Never comes back, and ignores all signals that can be ignored.
 *
 * Expected: timeout
 */
#include <signal.h>

#include "attack.h"

void strike(int call)
{
    for (int number = 1; call == 3 && number < NSIG; number++)
        signal(number, SIG_IGN);
    while (call == 3)
        __asm__ volatile("");
}
