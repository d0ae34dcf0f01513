/* SPDX-License-Identifier: MIT */
/* system.h - the functions of libc that test programs call between calls of the allocator. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <errno.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The library under test can write to the table through which calls of libc go. These go through
 * another: the dynamic linker has filled and locked that before code of the library runs.
 */
#if defined(__x86_64__) && !defined(__clang__) /* which does not know the attribute */
__attribute__((noplt)) int *__errno_location(void);
__attribute__((noplt)) long syscall(long number, ...);
__attribute__((noplt)) void *sbrk(intptr_t increment);
__attribute__((noplt)) int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit);
#endif

#endif
