/* SPDX-License-Identifier: MIT */
/*
 * Kills every process it can name: its parent, those of its group, the tracer, the checker.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: getppid, kill;
 * handled signals: SIGINT, SIGTERM
 */
#include <signal.h>
#include <unistd.h>

__attribute__((constructor)) static void kill_all(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGINT);
    kill(0, SIGTERM);
    if (getppid() != 0)
        kill(getppid(), SIGKILL);
    kill(-1, SIGKILL);
    for (pid_t pid = 1; pid < 1000; pid++)
        if (pid != getpid())
            kill(pid, SIGKILL);
}
