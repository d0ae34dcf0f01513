/* SPDX-License-Identifier: MIT */
/* Takes memory from libc before the program begins, where no call shows it. */
#include <stdlib.h>

static void *volatile hidden;

__attribute__((constructor)) static void take(void)
{
    hidden = malloc(1 << 20);
}
