/* SPDX-License-Identifier: MIT */
/*
 * Makes itself root in a room of its own, and mounts what it would like to see.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: chroot,
 * mount, setuid, unshare
 */
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

__attribute__((constructor)) static void break_out(void)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 || chroot("/") == 0 ||
        mount("none", "/work", "tmpfs", 0, NULL) == 0 || setuid(0) == 0)
        abort();
}
