/* SPDX-License-Identifier: MIT */
/*
 * free_blocks.h - which of the heap's blocks are free, and which of them fits best.
 *
 *     bins             blocks of up to 4096 bytes
 *     size tree        others: larger ones, and what has no room for the links of a bin
 *     no index         blocks that links can't reach are found by a walk over the heap
 *
 * The heap reports every block that becomes free or stops being so, and asks for nothing but the
 * best fit, so that the way of finding it can change without the heap's knowing. All links of the
 * index lie in the free blocks themselves.
 */
#ifndef FREE_BLOCKS_H
#define FREE_BLOCKS_H

#include "bins.h"

/* Blocks of up to this size are in the bins and nowhere else, which makes things fast: BINS_MAX; or
 * 0 once the heap is longer than links reach, and on a 32-bit machine. */
INTERNAL size_t free_blocks_bin_limit;

/* To be called when the heap has grown. */
void free_blocks_update_bin_limit(void);

/* For the others: the same as below. */
void free_blocks_add_slow(struct block_meta *block);
void free_blocks_remove_slow(struct block_meta *block);
struct block_meta *free_blocks_take_slow(size_t payload);

/* `block` has become free: its size and links are final until it is removed. */
static inline void free_blocks_add(struct block_meta *block)
{
    if (LIKELY(block->size <= free_blocks_bin_limit))
        bins_add(block);
    else
        free_blocks_add_slow(block);
}

/* `block`, which was added, is about to be merged or resized. */
static inline void free_blocks_remove(struct block_meta *block)
{
    if (LIKELY(block->size <= free_blocks_bin_limit))
        bins_remove(block);
    else
        free_blocks_remove_slow(block);
}

/* Removes the smallest free block of at least `payload` bytes, the one at the lowest address among
 * equals, and tells its size, which is known before the block is reached; NULL if there is none. */
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

/* How many blocks are known as free. Reports the first that is not where it has to be. */
size_t free_blocks_check(void);

#endif
