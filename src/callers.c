/* SPDX-License-Identifier: MIT */
/*
 * callers.c - prints the functions that led to a report, for libosmem-preload.so.
 *
 * libc's backtrace() loads libgcc when it is first called, and thus allocates. The unwinder is
 * therefore linked into the library. Neither it nor dladdr() allocates.
 *
 * With musl, nothing is printed: the unwinder of musl-gcc needs a function of glibc.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>
#include <unwind.h>

#include "printf.h"
#include "report.h"

#ifdef __GLIBC__

#define MOST_CALLERS 20

/* Prints a caller outside of this library. Returns whether it is one. */
static bool print(uintptr_t address)
{
    Dl_info found, own;

    if (dladdr((void *)address, &found) == 0) { // NOLINT(performance-no-int-to-ptr)
        dprintf_(STDERR_FILENO, "    by 0x%zx\n", address);
        return true;
    }
    if (dladdr((void *)report_callers, &own) != 0 && own.dli_fbase == found.dli_fbase)
        return false;

    const char *name = found.dli_sname == NULL ? "" : found.dli_sname;
    const void *start = found.dli_sname == NULL ? found.dli_fbase : found.dli_saddr;

    dprintf_(STDERR_FILENO, "    by %s(%s+0x%zx)\n", found.dli_fname, name,
             address - (uintptr_t)start);
    return true;
}

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *data)
{
    uintptr_t address = _Unwind_GetIP(context);
    int *left = data;

    if (address == 0 || *left == 0)
        return _URC_END_OF_STACK;
    *left -= print(address);
    return _URC_NO_REASON;
}

void report_callers(void)
{
    int left = MOST_CALLERS;

    _Unwind_Backtrace(visit, &left);
}

#else

void report_callers(void)
{
}

#endif
