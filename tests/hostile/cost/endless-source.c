/* SPDX-License-Identifier: MIT */
/*
 * Crashes in a line of a file that never ends, which gdb would like to show.
 *
 * Expected: crashed
 */
#include "attack.h"

void fall(void);

void strike(int call)
{
    (void)call;
    fall();
}

#line 1 "/dev/zero"
__attribute__((noipa)) void fall(void)
{
    *(volatile int *)0 = 1;
}
