/* SPDX-License-Identifier: MIT */
/*
 * free_blocks.h - the free blocks of the heap, and the best fit among them.
 *
 *     bins             blocks of up to 4096 bytes
 *     size tree        larger blocks, and those too small for the links of a bin
 *     no index         blocks that links can't reach; a walk over the heap finds them
 *
 * The heap adds each block that becomes free, removes each that is merged or resized, and asks for
 * the best fit. How it is found concerns this part alone. All links of the index lie in the free
 * blocks themselves.
 */
#ifndef FREE_BLOCKS_H
#define FREE_BLOCKS_H

#include "bins.h"

/* All free blocks of up to this size are in the bins, which allows a fast path. BINS_MAX; 0 if the
 * heap extends beyond the reach of links, and on a 32-bit machine. */
INTERNAL size_t free_blocks_bin_limit;

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

/* Removes and returns the best fit: the smallest free block of at least `payload` bytes, among
 * equals the one at the lowest address; NULL if there is none. Stores its size in `*size`, as the
 * size is often known before the block is in the cache. */
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

/* Counts the free blocks. Reports the first one that is out of place. */
size_t free_blocks_check(void);

#endif
