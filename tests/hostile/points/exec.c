/* SPDX-License-Identifier: MIT */
/*
 * Becomes another program, which ends well.
 *
 * Expected: crashed
 */
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    if (call == 3)
        execl("/bin/true", "true", (char *)NULL);
}
