/* SPDX-License-Identifier: MIT */
/*
 * Looks for the keys of whoever grades, and leaves a message for other submissions.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: add_key,
 * keyctl, request_key
 */
#include <linux/keyctl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((constructor)) static void look_for_keys(void)
{
    char found[64];

    if (syscall(SYS_keyctl, KEYCTL_READ, KEY_SPEC_SESSION_KEYRING, found, sizeof(found)) >= 0 ||
        syscall(SYS_add_key, "user", "osmem-was-here", "text", 4, KEY_SPEC_SESSION_KEYRING) >= 0 ||
        syscall(SYS_add_key, "user", "osmem-was-here", "text", 4, KEY_SPEC_USER_KEYRING) >= 0 ||
        syscall(SYS_request_key, "user", "osmem-was-here", NULL, KEY_SPEC_SESSION_KEYRING) >= 0)
        abort();
}
