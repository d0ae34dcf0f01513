/* SPDX-License-Identifier: MIT */
/*
 * Ends the program inside a call, as if all were well.
 *
 * Expected: crashed
 */
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    if (call == 3)
        _exit(0);
}
