/* SPDX-License-Identifier: MIT */
/*
 * printf.h - printing without touching the heap.
 *
 * libc's printf() allocates a buffer with malloc(), which moves the break and shows in the trace of
 * an allocator. printf_() formats into a buffer on the stack and writes it with one write(). After
 * <stdio.h>, including this header turns calls of printf() into calls of printf_().
 */
#ifndef OSMEM_PRINTF_H
#define OSMEM_PRINTF_H

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One call prints at most this many bytes; longer output is cut off. */
#define PRINTF_MAX 1024

/* Like printf(3) and dprintf(3): return the number of bytes written, or -1. */
int printf_(const char *format, ...) __attribute__((format(__printf__, 1, 2)));
int dprintf_(int fd, const char *format, ...) __attribute__((format(__printf__, 2, 3)));
int vdprintf_(int fd, const char *format, va_list args);

#define printf printf_

#ifdef __cplusplus
}
#endif

#endif
