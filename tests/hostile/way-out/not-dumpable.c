/* SPDX-License-Identifier: MIT */
/*
 * Refuses to be looked into.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: prctl
 */
#include <sys/prctl.h>

__attribute__((constructor)) static void refuse(void)
{
    prctl(PR_SET_DUMPABLE, 0);
}
