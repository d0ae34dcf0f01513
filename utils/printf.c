/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "printf.h"

int vdprintf_(int fd, const char *format, va_list args)
{
    char text[PRINTF_MAX + 1];
    int length = vsnprintf(text, sizeof(text), format, args);

    if (length < 0)
        return -1;
    return (int)write(fd, text, length > PRINTF_MAX ? PRINTF_MAX : (size_t)length);
}

int dprintf_(int fd, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int written = vdprintf_(fd, format, args);
    va_end(args);
    return written;
}

int printf_(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int written = vdprintf_(STDOUT_FILENO, format, args);
    va_end(args);
    return written;
}
