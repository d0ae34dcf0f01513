/* SPDX-License-Identifier: MIT */
/*
 * Writes gigabytes. Where the checker is late to read them, it is taken to sleep.
 *
 * Expected: no points
 */
#include <string.h>
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    static char noise[1 << 20];

    memset(noise, '?', sizeof(noise));
    for (long i = 0; call == 3 && i < 8192; i++)
        write(2, noise, sizeof(noise));
}
