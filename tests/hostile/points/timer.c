/* SPDX-License-Identifier: MIT */
/*
 * Has a timer interrupt the program, to run code of its own outside of its calls.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: setitimer
 */
#include <signal.h>
#include <sys/time.h>

static void handle(int signal)
{
    (void)signal;
}

__attribute__((constructor)) static void prepare(void)
{
    const struct itimerval late = {.it_value = {.tv_sec = 1000}};

    signal(SIGALRM, handle);
    setitimer(ITIMER_REAL, &late, NULL);
}
