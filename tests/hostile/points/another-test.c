/* SPDX-License-Identifier: MIT */
/*
 * Makes each program begin as one that makes no calls unless it is told to.
 *
 * Expected: differs
 */
#include <errno.h>
#include <string.h>

__attribute__((constructor)) static void begin_another(void)
{
    char *name = strrchr(program_invocation_name, '/');

    if (name != NULL && strlen(name + 1) >= strlen("player"))
        strcpy(name + 1, "player");
}
