/* SPDX-License-Identifier: MIT */
/*
 * Tries the parts of the kernel that have let programs out before.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: bpf,
 * io_uring_setup, memfd_create, perf_event_open, pidfd_open, process_vm_readv, setns, userfaultfd
 */
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

__attribute__((constructor)) static void try_kernel(void)
{
    struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof(event)};
    char parameters[256] = {0}, byte = 0;
    struct iovec here = {&byte, 1};

    if (syscall(SYS_perf_event_open, &event, 0, -1, -1, 0) >= 0 ||
        syscall(SYS_bpf, 0, parameters, sizeof(parameters)) >= 0 ||
        syscall(SYS_userfaultfd, 1) >= 0 || syscall(SYS_io_uring_setup, 1, parameters) >= 0 ||
        syscall(SYS_memfd_create, "osmem", 0) >= 0 ||
        syscall(SYS_process_vm_readv, getpid(), &here, 1, &here, 1, 0) >= 0 ||
        syscall(SYS_pidfd_open, getpid(), 0) >= 0 || syscall(SYS_setns, 0, 0) >= 0)
        abort();
}
