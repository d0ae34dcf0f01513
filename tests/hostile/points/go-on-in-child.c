/* SPDX-License-Identifier: MIT */
/*
 * Goes on in a child, which a breakpoint does not follow, and ends as the child does.
 *
 * Expected: crashed
 */
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    int status;

    if (call == 3 && fork() != 0) {
        wait(&status);
        _exit(0);
    }
}
