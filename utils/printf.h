/* SPDX-License-Identifier: MIT */
/*
 * printf.h - printing that leaves the heap alone.
 *
 * libc's printf() allocates a buffer with malloc(), which moves the break and so shows in the trace
 * of an allocator. printf_() formats into a buffer on the stack and writes it with one write().
 * Including this header after <stdio.h> makes printf() mean printf_().
 */
#ifndef OSMEM_PRINTF_H
#define OSMEM_PRINTF_H

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One call prints at most this many bytes; what is longer is cut. */
#define PRINTF_MAX 1024

/* As printf(3) and dprintf(3): the number of bytes written, or -1. */
int printf_(const char *format, ...) __attribute__((format(__printf__, 1, 2)));
int dprintf_(int fd, const char *format, ...) __attribute__((format(__printf__, 2, 3)));
int vdprintf_(int fd, const char *format, va_list args);

#define printf printf_

#ifdef __cplusplus
}
#endif

#endif
