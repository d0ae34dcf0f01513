/* SPDX-License-Identifier: MIT */
/*
 * link.h - links between free blocks.
 *
 * A link has 32 bits and counts units from an origin just below the first block. Two links fit in
 * the smallest payload, so that the index touches no other byte of a free block. The headers of
 * blocks that were merged into it stay intact there, and give away a second os_free() of those
 * blocks. Comparing two links compares two addresses.
 *
 * The slots that links lie in are numbered as well, in steps of 4 bytes, so that the block with a
 * given link has slots 2 * link and 2 * link + 1: the first 8 bytes of its payload. A slot number
 * has 32 bits, too, which limits links to 31 bits, or 16 GiB.
 */
#ifndef LINK_H
#define LINK_H

#include "block_list.h"

typedef uint32_t link_t; /* 0 is none */

#define LINK_MAX (UINT32_MAX / 2)

static inline size_t link_distance(const struct block_meta *block)
{
    return ((uintptr_t)block - block_list.origin) / UNIT;
}

static inline bool can_link_to(const struct block_meta *block)
{
    return link_distance(block) <= LINK_MAX;
}

static inline link_t link_to(const struct block_meta *block)
{
    return (link_t)link_distance(block);
}

static inline struct block_meta *block_at(link_t link)
{
    return (struct block_meta *)(block_list.origin + (uintptr_t)link * UNIT);
}

/* Whether a header can be read where a link leads. */
static inline bool is_link(link_t link)
{
    return link - (uintptr_t)1 < block_list.units;
}

#endif
