/* SPDX-License-Identifier: MIT */
/*
 * Grows the heap by a system call of its own, behind libc's back.
 *
 * Expected: differs
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    if (call >= 3)
        syscall(SYS_brk, syscall(SYS_brk, 0) + 4096);
}
