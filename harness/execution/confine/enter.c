/* SPDX-License-Identifier: MIT */
/*
 * enter KEEPER FILTER COMMAND [ARG]...
 *
 * Enters the inner sandbox that the process of the descriptor KEEPER keeps, and becomes a confined
 * command there. join.c has made the caller's children belong to its processes already.
 *
 * The tracer watches this program, too, and stops it at every system call. So there are few, and it
 * is linked statically: to load a library takes more than all that it does.
 */
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "confined.h"
#include "privileges.h"

/* Signals to a process group would reach out of the sandbox. The leader of one can't leave it, but
 * its child can. */
static void leave_process_group(void)
{
    if (setsid() >= 0)
        return;

    pid_t child = fork();

    if (child < 0)
        err(2, "fork");
    if (child > 0)
        exit(waitpid(child, NULL, 0) < 0);
    setsid();
}

int main(int argc, char *argv[])
{
    if (argc < 4)
        errx(2, "expected KEEPER FILTER COMMAND [ARG]...");

    int keeper = atoi(argv[1]);

    leave_process_group();
    if (setns(keeper, CLONE_NEWUSER | CLONE_NEWNS) < 0)
        err(2, "setns");
    close(keeper);
    if (chdir("/work") < 0)
        err(2, "/work");
    drop_capabilities();
    become_confined(argv[2], argv + 3);
}
