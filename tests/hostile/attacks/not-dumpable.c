/* SPDX-License-Identifier: MIT */
/* Refuses to be looked into. */
#include <sys/prctl.h>

__attribute__((constructor)) static void refuse(void)
{
    prctl(PR_SET_DUMPABLE, 0);
}
