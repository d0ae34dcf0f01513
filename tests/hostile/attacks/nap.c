/* SPDX-License-Identifier: MIT */
/* Sleeps for a second, and behaves. */
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    if (call == 3)
        sleep(1);
}
