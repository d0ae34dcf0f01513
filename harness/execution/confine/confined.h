/* SPDX-License-Identifier: MIT */
#pragma once

#include <err.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Become a command that can reach no key of the user's, and can make only the system calls that a
 * filter allows. The filter is a program for the kernel, as seccomp(2) explains and libseccomp
 * writes it. */
__attribute__((noreturn)) static inline void become_confined(const char *filter, char *command[])
{
    static struct sock_filter instructions[BPF_MAXINSNS];

    /* A new session keyring takes the place of the inherited one. Where that is refused, as in
     * some containers, only the filter keeps the command from the keys. */
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);

    int file = open(filter, O_RDONLY | O_CLOEXEC);
    ssize_t bytes = file < 0 ? -1 : read(file, instructions, sizeof(instructions));

    if (bytes < 0)
        err(2, "%s", filter);

    struct sock_fprog program = {
        .len = (unsigned short)((size_t)bytes / sizeof(*instructions)),
        .filter = instructions,
    };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        err(2, "seccomp");
    execvp(command[0], command);
    err(2, "%s", command[0]);
}
