/* SPDX-License-Identifier: MIT */
/*
 * Looks for what it should not see; if it finds anything, it tells.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: openat
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

__attribute__((constructor)) static void look(void)
{
    static const char *const secrets[] = {
        "/etc/passwd", "/etc/shadow", "/root", "/home", "/proc/1/environ", "/proc/self/mem",
        "/var",        "/tmp/..data", "/out",  "/sys",  "/osmem/../root",
    };

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        if (open(secrets[i], O_RDONLY) >= 0)
            abort();
    for (char **variable = environ; *variable != NULL; variable++)
        if (strstr(*variable, "SECRET") != NULL)
            abort();
}
