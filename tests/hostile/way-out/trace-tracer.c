/* SPDX-License-Identifier: MIT */
/*
 * Attaches to its parent and to itself, to keep the tracer out.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: getppid,
 * ptrace
 */
#include <sys/ptrace.h>
#include <unistd.h>

__attribute__((constructor)) static void attach(void)
{
    ptrace(PTRACE_ATTACH, getppid(), 0, 0);
    ptrace(PTRACE_TRACEME, 0, 0, 0);
}
