/* SPDX-License-Identifier: MIT */
/*
 * free_blocks.h - the free blocks of the heap, and the best fit among them.
 *
 *     bins             blocks of up to 4096 bytes, within the reach of links
 *     size tree        larger blocks, those beyond that reach, and on a 32-bit machine those that
 *                      are too small for the links of a bin
 *     no index         blocks beyond 8 TiB; a walk over the heap finds them
 *     free list        all blocks, if the policy is not best fit and the lowest of equals
 *
 * The heap adds each block that becomes free, removes each that is merged or resized, and asks for
 * the best fit. How it is found concerns this part alone. All links of the index lie in the free
 * blocks themselves.
 */
#ifndef FREE_BLOCKS_H
#define FREE_BLOCKS_H

#include "bins.h"
#include "free_list.h"

/* All free blocks of up to this size are in the bins, which allows a fast path. BINS_MAX; 0 if the
 * heap extends beyond the reach of links, on a 32-bit machine, and with a free list. */
INTERNAL size_t free_blocks_bin_limit;

/* The bytes of all free blocks that are large, from this size on. */
#define FREE_LARGE ((size_t)64 << 10)
INTERNAL size_t free_blocks_large_bytes;

/* Must be called after the heap has grown. */
void free_blocks_update_bin_limit(void);

/* The slow paths of the functions below, for blocks of any size. */
void free_blocks_add_slow(struct block_meta *block);
void free_blocks_remove_slow(struct block_meta *block);
struct block_meta *free_blocks_take_slow(size_t payload);

/* Adds a block that has become free. Its size must not change until it is removed. */
static inline void free_blocks_add(struct block_meta *block)
{
    if (LIKELY(block->size <= free_blocks_bin_limit))
        bins_add(block);
    else
        free_blocks_add_slow(block);
}

/* Removes a block before it is merged or resized. */
static inline void free_blocks_remove(struct block_meta *block)
{
    if (LIKELY(block->size <= free_blocks_bin_limit))
        bins_remove(block);
    else
        free_blocks_remove_slow(block);
}

/* Adds a block again that was the last to be removed, with the age that it had. */
void free_blocks_put_back(struct block_meta *block);

/* Merges a free block with the next one, which is adjacent and free, too. */
void free_blocks_merge(struct block_meta *block, struct block_meta *next);

/* Removes and returns the block that the policy prefers among those of at least `payload` bytes;
 * by default the best fit: the smallest, and among equals the lowest. NULL if there is none. Stores
 * its size in `*size`, as the size is often known before the block is in the cache. */
static inline struct block_meta *free_blocks_take(size_t payload, size_t *size)
{
    if (LIKELY(payload <= free_blocks_bin_limit)) {
        size_t bin = bins_find(payload);

        *size = bin * UNIT;
        if (LIKELY(bin < BINS))
            return bins_take(bin);
    }

    struct block_meta *block = free_blocks_take_slow(payload);

    *size = block == NULL ? 0 : block->size;
    return block;
}

/* Whether a block that is not in the index lies below all blocks of its size, which are in bins. */
static inline bool free_blocks_is_lowest_of(const struct block_meta *block, size_t payload)
{
    return payload <= free_blocks_bin_limit &&
           link_to(block) - 1 < bins.tops[payload / UNIT] - 1; /* true if the bin is empty */
}

/* Whether no free block is a better fit for the size of `block`, which is not in the index, than it
 * is together with `next`, a free block that follows it. May be false in rare cases in which that
 * is so. */
bool free_blocks_is_best_with(const struct block_meta *block, struct block_meta *next);

/* Counts the free blocks. Reports the first one that is out of place. */
size_t free_blocks_check(void);

/* The bytes at the start of a free payload in which the index may have data. */
#define FREE_DATA_SIZE sizeof(struct links)

/* Returns the next of the free blocks of at least `payload` bytes, which must be above BINS_MAX, or
 * the first of them if `block` is NULL; NULL after the last. */
struct block_meta *free_blocks_next_large(const struct block_meta *block, size_t payload);

#endif
