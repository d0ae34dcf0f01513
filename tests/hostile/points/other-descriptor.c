/* SPDX-License-Identifier: MIT */
/*
 * Takes memory before the program begins, and names a file with it that the kernel does not look
 * at, as if it were the dynamic linker that maps one.
 *
 * Expected: all points, flagged: asked the system for memory outside of calls of the allocator
 */
#include <sys/mman.h>
#include <unistd.h>

static void *volatile hidden;

__attribute__((constructor)) static void take(void)
{
    hidden =
        mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, STDIN_FILENO, 0);
}
