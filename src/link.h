/* SPDX-License-Identifier: MIT */
/*
 * link.h - how free blocks point at one another.
 *
 * A link is 32 bits long and counts 8 bytes each from just below the heap's start, so that two of
 * them fit the smallest payload, and nothing else of a free block is touched: a block that was
 * merged into it has left its header there, by which a second os_free() of it is told. Comparing
 * two compares two addresses.
 *
 * The slot where a link lies has a number, too: it counts 4 bytes each from a header's size behind
 * the same origin. To each block belong two, 2 * link and the next, its first 8 bytes of payload,
 * which is why links reach no further than 16 GiB.
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
