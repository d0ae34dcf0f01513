/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "block_list.h"
#include "free_blocks.h"
#include "growth.h"
#include "page.h"
#include "trim.h"

#define PURGE_INTERVAL 2  /* times the bytes from which the end is returned */
#define PURGE_SHARE    32 /* of the heap has to become free in large blocks meanwhile */

/* The bytes in large blocks after the last purge, or fewer if there were fewer since. Only large
 * blocks are worth a system call, and there may be none until most of the heap is free. */
static size_t purged;

/* Purges a free block, except for what the index has in its payload. */
static bool purge(struct block_meta *block)
{
    char *start = page_ceiling((char *)(block + 1) + FREE_DATA_SIZE);
    char *end = page_floor(end_of(block));

    return start < end && madvise(start, (size_t)(end - start), MADV_DONTNEED) == 0;
}

static bool purge_all(void)
{
    bool any = false;

    for (struct block_meta *block = NULL;
         (block = free_blocks_next_large(block, FREE_LARGE)) != NULL;)
        any |= purge(block);
    purged = free_blocks_large_bytes;
    return any;
}

bool trim_all(void)
{
    int saved_errno = errno;
    bool any = growth_return_end(1);

    if (policy()->extended)
        any |= purge_all();
    errno = saved_errno;
    return any;
}

static bool is_purge_due(void)
{
    size_t heap = block_list.end - (uintptr_t)block_list.first;

    if (free_blocks_large_bytes < purged)
        purged = free_blocks_large_bytes;

    size_t unpurged = free_blocks_large_bytes - purged;

    return policy_in_force.extended && unpurged / PURGE_INTERVAL >= policy_in_force.trim &&
           unpurged >= heap / PURGE_SHARE;
}

void trim_what_is_due(void)
{
    int saved_errno = errno;

    growth_return_end(policy_in_force.trim);
    if (is_purge_due())
        purge_all();
    errno = saved_errno;
}
