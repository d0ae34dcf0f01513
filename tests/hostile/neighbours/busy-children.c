/* SPDX-License-Identifier: MIT */
/*
 * Uses the processor in other processes, while its own one waits for them.
 *
 * Expected: crashed
 */
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    while (call == 3)
        if (fork() == 0)
            for (;;)
                __asm__ volatile("");
        else
            wait(NULL);
}
