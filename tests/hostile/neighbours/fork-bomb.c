/* SPDX-License-Identifier: MIT */
/*
 * Starts as many processes as it can, which do the same.
 *
 * Expected: crashed
 */
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    while (call == 3)
        fork();
}
