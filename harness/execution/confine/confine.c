/* SPDX-License-Identifier: MIT */
/*
 * confine FILTER COMMAND [ARG]...
 *
 * Runs a command that can reach no key of the user's, and can make only the system calls that a
 * filter allows. The filter is a program for the kernel, as seccomp(2) explains and libseccomp
 * writes it. bubblewrap sets a filter for what it starts itself, but a traced program enters its
 * sandbox later.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    static struct sock_filter instructions[BPF_MAXINSNS];

    if (argc < 3)
        errx(2, "expected FILTER COMMAND [ARG]...");

    /* A new session keyring takes the place of the inherited one. Where that is refused, as in
     * some containers, only the filter keeps the command from the keys. */
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);

    int file = open(argv[1], O_RDONLY | O_CLOEXEC);
    ssize_t bytes = file < 0 ? -1 : read(file, instructions, sizeof(instructions));

    if (bytes < 0)
        err(2, "%s", argv[1]);

    struct sock_fprog filter = {
        .len = bytes / sizeof(*instructions),
        .filter = instructions,
    };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
        err(2, "seccomp");
    execvp(argv[2], argv + 2);
    err(2, "%s", argv[2]);
}
