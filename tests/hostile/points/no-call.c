/* SPDX-License-Identifier: MIT */
/*
 * Ends the program before it has made a call.
 *
 * Expected: differs
 */
#include <unistd.h>

__attribute__((constructor)) static void leave(void)
{
    _exit(0);
}
