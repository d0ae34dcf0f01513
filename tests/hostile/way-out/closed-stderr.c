/* SPDX-License-Identifier: MIT */
/*
 * Closes all it may write to, and then behaves: nothing that a grade could be lowered for.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: close
 */
#include <unistd.h>

__attribute__((constructor)) static void close_all(void)
{
    for (int fd = 1; fd < 256; fd++)
        close(fd);
}
