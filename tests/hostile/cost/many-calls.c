/* SPDX-License-Identifier: MIT */
/*
 * Makes a hundred thousand system calls in each test, and behaves.
 *
 * Expected: timeout
 */
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    if (call == 1)
        for (int i = 0; i < 100000; ++i)
            getppid();
}
