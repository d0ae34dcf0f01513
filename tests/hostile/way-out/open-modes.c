/* SPDX-License-Identifier: MIT */
/*
 * Lets everyone change the program that it is shown, which may belong to the user who runs it.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: chmod,
 * fchmod, openat
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

__attribute__((constructor)) static void open_modes(void)
{
    int program = open(program_invocation_name, O_RDONLY);

    if (program < 0 || fchmod(program, 04777) == 0 || chmod(program_invocation_name, 04777) == 0)
        abort();
}
