/* SPDX-License-Identifier: MIT */
/*
 * Puts a function of its own into the table through which the program finds errno.
 *
 * Expected: crashed
 */
#include "table.h"

static int *always(void)
{
    static int error = 33; /* what the program expects after each call */

    return &error;
}

__attribute__((constructor)) static void redirect(void)
{
    *slot_of("__errno_location", 0) = (uintptr_t)always;
}
