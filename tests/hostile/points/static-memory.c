/* SPDX-License-Identifier: MIT */
/*
 * Hands out memory it did not ask the system for.
 *
 * Expected: invalid
 */
#include "attack.h"

static char pool[1 << 20];

void *spoil(int call, void *result)
{
    return call == 1 ? pool : result;
}
