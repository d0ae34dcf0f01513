/* SPDX-License-Identifier: MIT */
/*
 * Starts a process in each test, which sleeps for ever, and behaves.
 *
 * Expected: crashed
 */
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    if (call == 1 && fork() == 0)
        for (;;)
            pause();
}
