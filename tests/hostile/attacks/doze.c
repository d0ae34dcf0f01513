/* SPDX-License-Identifier: MIT */
/* Sleeps in each test, though never for too long, and behaves. */
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    if (call == 1)
        usleep(800000);
}
