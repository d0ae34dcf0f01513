/* SPDX-License-Identifier: MIT */
/*
 * Defines functions of libc that the program calls, in the hope that it calls these.
 *
 * Expected: all points
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

int *__errno_location(void)
{
    abort();
}

long syscall(long number)
{
    abort();
}

void *sbrk(intptr_t increment)
{
    abort();
}

int getrlimit(int resource, void *limit)
{
    abort();
}

int setrlimit(int resource, const void *limit)
{
    abort();
}

ssize_t write(int descriptor, const void *bytes, size_t size)
{
    abort();
}

ssize_t read(int descriptor, void *bytes, size_t size)
{
    abort();
}
