/* SPDX-License-Identifier: MIT */
/* telling.h - how a test program tells the tracer, and the student, what came of a check. */
#ifndef TELLING_H
#define TELLING_H

#include <stddef.h>
#include <stdint.h>

#include "system.h"

/* Ends the program, with a line on the call that is being checked. */
_Noreturn void fail(const char *format, ...) __attribute__((format(__printf__, 1, 2)));

/*
 * The library under test shares its memory with the program, and could change what the program
 * checks it by; it can't change the program's code. So the program tells the tracer what it has
 * checked, at once: with the call that follows, or by unmapping what no program can have, which
 * does nothing. harness/checking/attestation.py knows what it should have checked, and has these
 * numbers, too. Each place that tells has a name, tell_CHECK_NUMBER, and tells of this check only.
 */
#define TOLD_TAG 0x5E7Cull

enum check {
    FAILED = 1,
    KEPT,         /* a digest of bytes of a block, after os_realloc(); see kept_bytes() */
    ZEROED,       /* so many bytes, after os_calloc() */
    ERRNO_KEPT,   /* after any call that succeeds, from errno_counts() on */
    ERRNO_COUNTS, /* from here on */
    ADDED,        /* a block that no call hands out */
};

/* The number that tells which block was kept, by its own number, and how many bytes of it. */
static inline uint64_t kept_bytes(size_t block, size_t size)
{
    return (uint64_t)block << 32 | size;
}

static inline __attribute__((always_inline)) void tell(enum check check, uint64_t number,
                                                       uint64_t size)
{
    uint64_t address = TOLD_TAG << 48 | (uint64_t)check << 44 | number;

#if defined(__x86_64__)
    uint64_t result = SYS_munmap; /* without a function that the library could have replaced */

    __asm__ volatile("syscall\n"
                     "tell_%c[check]_%=:"
                     : "+a"(result)
                     : "D"(address), "S"(size), [check] "i"(check)
                     : "rcx", "r11", "memory");
#elif UINTPTR_MAX == UINT64_MAX
    syscall(SYS_munmap, address, size);
#else
    (void)address;
    (void)size;
#endif
}

#endif
