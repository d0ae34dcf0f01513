/* SPDX-License-Identifier: MIT */
/*
 * Starts a process by a system call of the x32 architecture, whose numbers have a bit more.
 *
 * Expected: crashed
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

#define X32 0x40000000

void strike(int call)
{
    (void)call;
    if (syscall(X32 | SYS_fork) == 0)
        pause();
}
