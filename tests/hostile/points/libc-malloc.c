/* SPDX-License-Identifier: MIT */
/*
 * Lets libc's malloc() do the work.
 *
 * Expected: no points
 */
#include <stdlib.h>

#include "attack.h"

void *spoil(int call, void *result)
{
    (void)call;
    return result == NULL ? NULL : malloc(64);
}
