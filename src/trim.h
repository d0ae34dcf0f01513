/* SPDX-License-Identifier: MIT */
/*
 * trim.h - gives free memory of the heap back to the system.
 *
 *     live   free, large           live   free
 *     +----+--------+-----+------+-+----+-------------+ break
 *     |    | header | purged: zero |    |             |
 *     +----+--------+-----+------+-+----+-------------+
 *                   whole pages         returned: the break moves down
 *
 * The free end of the heap is returned by sbrk(). Under an extended policy, the whole pages of
 * other large free blocks are purged by madvise(): they stay, but take no memory until they are
 * used.
 */
#ifndef TRIM_H
#define TRIM_H

#include <stdbool.h>
#include <stddef.h>

#include "policy.h"

/* Gives back all that can be given back. Returns whether that was anything. */
bool trim_all(void);

/* The slow path of trim_after_release(). */
void trim_what_is_due(void);

/* Gives back what the policy asks for, after a block has become free. */
static inline void trim_after_release(void)
{
    if (policy_in_force.trim != 0)
        trim_what_is_due();
}

#endif
