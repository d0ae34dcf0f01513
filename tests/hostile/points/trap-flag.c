/* SPDX-License-Identifier: MIT */
/*
 * Lets the processor stop after each instruction of the program, to run code of its own outside of
 * its calls. The tracer takes each stop for one of its own: no handler hears of it, and the program
 * does not end in time.
 *
 * Expected: timeout
 */
#include <signal.h>
#include <unistd.h>

#include "attack.h"

static void handle(int signal)
{
    (void)signal;
    _exit(1);
}

__attribute__((constructor)) static void prepare(void)
{
    signal(SIGTRAP, handle);
}

void *spoil(int call, void *result)
{
    (void)call;
#ifdef __x86_64__
    __asm__ volatile("pushfq\n"
                     "orq $0x100, (%%rsp)\n"
                     "popfq"
                     :
                     :
                     : "memory", "cc");
#endif
    return result;
}
