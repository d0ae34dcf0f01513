/* SPDX-License-Identifier: MIT */
/*
 * Never comes back, and uses no processor time either.
 *
 * Expected: timeout
 */
#include <signal.h>
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    signal(SIGTERM, SIG_IGN);
    while (call == 3)
        pause();
}
