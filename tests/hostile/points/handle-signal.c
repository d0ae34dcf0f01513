/* SPDX-License-Identifier: MIT */
/*
 * Handles a signal, as one would to run code of its own outside of its calls.
 *
 * Expected: all points, flagged: handled signals: SIGSEGV
 */
#include <setjmp.h>
#include <signal.h>

#include "attack.h"

static sigjmp_buf before;

static void handle(int signal)
{
    siglongjmp(before, signal);
}

void strike(int call)
{
    if (call != 3 || sigsetjmp(before, 1) != 0)
        return;
    signal(SIGSEGV, handle);
    *(volatile int *)8 = 0;
}
