/* SPDX-License-Identifier: MIT */
/*
 * Stops itself, which nobody would wake it from; the tracer does.
 *
 * Expected: all points
 */
#include <signal.h>

#include "attack.h"

void strike(int call)
{
    if (call == 3)
        raise(SIGSTOP);
}
