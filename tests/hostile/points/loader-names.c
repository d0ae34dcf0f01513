/* SPDX-License-Identifier: MIT */
/*
 * Defines functions by which a program begins and ends, copies, draws random numbers and finds its
 * memory, in the hope that the program, libc or the dynamic linker calls these.
 *
 * Expected: all points
 */
#include <stdlib.h>

#define DEFINES(name)                                                                              \
    long my_##name(void) __asm__(#name);                                                           \
    long my_##name(void)                                                                           \
    {                                                                                              \
        abort();                                                                                   \
    }

DEFINES(__libc_start_main)
DEFINES(__libc_early_init)
DEFINES(__cxa_finalize)
DEFINES(_dl_audit_preinit)
DEFINES(_dl_catch_exception)
DEFINES(__tls_get_addr)
DEFINES(__tunable_get_val)
DEFINES(__rseq_flags)
DEFINES(_start)
DEFINES(main)
DEFINES(getrandom)
DEFINES(strrchr)
DEFINES(vsnprintf)
DEFINES(exit)
DEFINES(_exit)
