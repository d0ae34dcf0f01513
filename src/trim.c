/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "block_list.h"
#include "free_blocks.h"
#include "growth.h"
#include "page.h"
#include "trim.h"

#define PURGED_FROM    ((size_t)64 << 10) /* bytes of a block that is worth a system call */
#define PURGE_INTERVAL 8                  /* times the bytes from which the end is returned */
#define PURGE_SHARE    16                 /* of the heap has to be released meanwhile */

static size_t released_since_purge;

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

    released_since_purge = 0;
    for (struct block_meta *block = NULL;
         (block = free_blocks_next_large(block, PURGED_FROM)) != NULL;)
        any |= purge(block);
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

    return policy_in_force.extended &&
           released_since_purge / PURGE_INTERVAL >= policy_in_force.trim &&
           released_since_purge >= heap / PURGE_SHARE;
}

void trim_what_is_due(size_t released)
{
    int saved_errno = errno;

    growth_return_end(policy_in_force.trim);
    released_since_purge += released;
    if (is_purge_due())
        purge_all();
    errno = saved_errno;
}
