/* SPDX-License-Identifier: MIT */
/*
 * Starts a process by a system call of another architecture, which a tracer may overlook.
 *
 * Expected: crashed
 */
#include "attack.h"

#define FORK_OF_I386 2

void strike(int call)
{
    int result = FORK_OF_I386;

    (void)call;
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
}
