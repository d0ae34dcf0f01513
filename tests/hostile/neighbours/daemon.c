/* SPDX-License-Identifier: MIT */
/*
 * Leaves a process behind that is nobody's child, and behaves.
 *
 * Expected: crashed
 */
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void leave_behind(void)
{
    if (fork() != 0)
        return;
    setsid();
    if (fork() == 0)
        for (;;)
            sleep(1000);
    _exit(0);
}
