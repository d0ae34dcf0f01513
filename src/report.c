/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "block_meta.h"
#include "lock.h"
#include "printf.h"
#include "report.h"

_Noreturn __attribute__((cold)) void report_mistake(const char *what, const void *address)
{
    dprintf_(STDERR_FILENO, "libosmem: %s: %p\n", what, address);
    lock_exempt(true); /* a handler of SIGABRT may allocate */
    report_callers();
    abort();
}

_Noreturn __attribute__((cold)) void report_overwritten_links(const struct block_meta *block)
{
    report_mistake("the links of a free block were overwritten", block + 1);
}
