/* SPDX-License-Identifier: MIT */
/*
 * Crashes where the name of its file, which gdb prints, could pass for more functions, a formula, a
 * command or the end of a page.
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

#line 1 "=cmd|'/bin/sh'!A1</td><script>\033[31m\342\200\256\n::error::\n#1  os_malloc (x) at a.c:1"
__attribute__((noipa)) void fall(void)
{
    *(volatile int *)0 = 1;
}
