/* SPDX-License-Identifier: MIT */
/*
 * Writes lines as the tracer does, to every file descriptor there may be, and leaves.
 *
 * Expected: differs
 */
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void pretend(void)
{
    static const char lines[] = "test->os_malloc(8) = 0x1000\n"
                                "test->os_free(0x1000) = <void>\n"
                                "+++ exited (status 0) +++\n";

    for (int fd = 1; fd < 256; fd++)
        write(fd, lines, strlen(lines));
    _exit(0);
}
