/* SPDX-License-Identifier: MIT */
/*
 * Stops at breakpoints that the tracer has not set.
 *
 * Expected: all points
 */
#include "attack.h"

void strike(int call)
{
    (void)call;
#ifdef __x86_64__
    __asm__ volatile("int3");
#endif
}
