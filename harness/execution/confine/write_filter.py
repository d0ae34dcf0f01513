#!/usr/bin/python3
"""Write the filters of the system calls that an untrusted program may make.

    write_filter.py FILE FILE

The first allows what compilers, make and test programs need. Any other call fails with ENOSYS, as
on a kernel that does not have it; a call for another architecture kills the process.

The second is for programs that run as the user who owns the machine's files and processes, with
nothing but Landlock in between. That asks nobody who changes the mode, the owner or the times of a
file, or the priority of a process.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Collection
from pathlib import Path

import seccomp

_FILES = """
    read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek
    open openat openat2 creat close close_range dup dup2 dup3 fcntl flock ioctl
    pipe pipe2 poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait
    epoll_pwait eventfd eventfd2 sendfile copy_file_range splice tee
    stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2
    getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr
    getdents getdents64 getcwd chdir fchdir mkdir mkdirat rmdir mknod mknodat
    link linkat symlink symlinkat readlink readlinkat unlink unlinkat rename renameat renameat2
    truncate ftruncate fallocate fadvise64 readahead sync fsync fdatasync sync_file_range syncfs
    chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat umask
    utime utimes futimesat utimensat
"""
_MEMORY = "brk mmap munmap mprotect mremap madvise msync mincore mlock munlock membarrier"
_PROCESSES = """
    fork vfork execve execveat exit exit_group wait4 waitid kill tkill tgkill
    getpid getppid gettid getpgid setpgid getpgrp getsid setsid
    getuid geteuid getgid getegid getgroups getresuid getresgid capget
    setuid setgid setreuid setregid setresuid setresgid
    arch_prctl set_tid_address set_robust_list get_robust_list futex futex_waitv
    sched_yield sched_getaffinity sched_getparam sched_getscheduler getpriority setpriority getcpu
    getrlimit setrlimit getrusage times uname sysinfo getrandom
"""
_SIGNALS_AND_TIME = """
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait
    rt_sigqueueinfo rt_tgsigqueueinfo sigaltstack signalfd signalfd4 restart_syscall pause
    alarm getitimer setitimer timer_create timer_delete timer_settime timer_gettime
    timer_getoverrun timerfd_create timerfd_settime timerfd_gettime
    time gettimeofday clock_gettime clock_getres nanosleep clock_nanosleep
"""
_ALLOWED = f"{_FILES} {_MEMORY} {_PROCESSES} {_SIGNALS_AND_TIME}".split()
_NEW_NAMESPACES = 0x7E020080
"""The flags of clone() that make namespaces, from <linux/sched.h>."""
_PRCTL_ALLOWED = (1, 2, 3, 15, 16, 23)
"""PDEATHSIG and its getter, GET_DUMPABLE, SET_NAME, GET_NAME, CAPBSET_READ: <linux/prctl.h>."""
_OF_OWNER = """
    chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat truncate
    utime utimes futimesat utimensat setpriority
""".split()
"""The system calls that Landlock, in any version or in an early one, lets through."""


def write_filter(path: Path, refused: Collection[str] = ()) -> None:
    """Write the filter, without the refused system calls, as a program for the kernel."""
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    rules.set_attr(seccomp.Attr.ACT_BADARCH, seccomp.KILL_PROCESS)
    for name in _ALLOWED:
        if name not in refused:
            rules.add_rule(seccomp.ALLOW, name)
    # Without a path, only an open file is meant; process 0 is the caller.
    rules.add_rule(seccomp.ALLOW, "utimensat", seccomp.Arg(1, seccomp.EQ, 0))
    rules.add_rule(seccomp.ALLOW, "prlimit64", seccomp.Arg(0, seccomp.EQ, 0))
    rules.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _NEW_NAMESPACES, 0))
    for option in _PRCTL_ALLOWED:
        rules.add_rule(seccomp.ALLOW, "prctl", seccomp.Arg(0, seccomp.EQ, option))
    with path.open("wb") as file:
        rules.export_bpf(file)


if __name__ == "__main__":
    write_filter(Path(sys.argv[1]))
    write_filter(Path(sys.argv[2]), refused=_OF_OWNER)
