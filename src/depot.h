/* SPDX-License-Identifier: MIT */
/*
 * depot.h - chains of kept blocks of one size, which threads exchange.
 *
 *     thread that frees ──▶ | chain | chain |   one row per size   ──▶ thread that allocates
 *                               │
 *                               v
 *                             block ──▶ block ──▶ … ──▶ NULL
 *
 * A chain changes hands as a whole, so that nothing is merged that would be split again at once.
 * The links lie in the payloads.
 *
 * Source: the depot of Bonwick and Adams, Magazines and Vmem (USENIX 2001).
 */
#ifndef DEPOT_H
#define DEPOT_H

#include "block_list.h"
#include "report.h"

#define DEPOT_LARGEST 1024 /* bytes of a block */

struct chain {
    struct block_meta *top;
    unsigned count;
};

static inline struct block_meta **next_in_chain(struct block_meta *block)
{
    return (struct block_meta **)(block + 1);
}

/* Whether `block` is in a chain of its size, as far as the block itself shows it. */
static inline bool is_in_chain(struct block_meta *block, size_t payload)
{
    return is_in_heap(block) && is_kept(block) && block->size == payload &&
           (*next_in_chain(block) == NULL || is_in_heap(*next_in_chain(block)));
}

/* Reports a block of a chain that was overwritten. */
static inline struct block_meta *expect_in_chain(struct block_meta *block, size_t payload)
{
    if (UNLIKELY(!is_in_chain(block, payload)))
        report_overwritten_links(block);
    return block;
}

/* The lock must be held from here on. */

/* Frees all blocks of a chain. */
void chain_release(struct chain chain, size_t payload);

/* Takes a chain in; frees its blocks if there are chains enough. */
void depot_put(struct chain chain, size_t payload);

/* Returns a chain of blocks of `payload` bytes, which may be empty. */
struct chain depot_take(size_t payload);

/* Frees all blocks. */
void depot_empty(void);

#endif
