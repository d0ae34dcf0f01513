/* SPDX-License-Identifier: MIT */
/*
 * free_blocks.h - which of the heap's blocks are free, and which of them fits best.
 *
 *     bins             blocks of up to 4096 bytes
 *     size tree        larger ones
 *     out of reach     blocks that links can't lead to are found by a walk over the heap
 *
 * The heap reports every block that becomes free or stops being so, and asks for nothing but the
 * best fit, so that the way of finding it can change without the heap's knowing. All links of the
 * index lie in the free blocks themselves.
 */
#ifndef FREE_BLOCKS_H
#define FREE_BLOCKS_H

#include "bins.h"

/* The sizes up to this one are in the bins and nowhere else: BINS_MAX, or 0 for as long as there
 * may be a block out of reach. */
INTERNAL size_t free_blocks_only_in_bins;

/* To be called when the heap has grown. */
void free_blocks_update_reach(void);

/* What is not, or may not be, in a bin. */
void free_blocks_add_elsewhere(struct block_meta *block);
void free_blocks_remove_elsewhere(struct block_meta *block);
struct block_meta *free_blocks_take_elsewhere(size_t payload);

/* `block` has become free: its size and links are final until it is removed. */
static inline void free_blocks_add(struct block_meta *block)
{
    if (LIKELY(block->size <= free_blocks_only_in_bins))
        bins_add(block);
    else
        free_blocks_add_elsewhere(block);
}

/* `block`, which was added, is about to be merged or resized. */
static inline void free_blocks_remove(struct block_meta *block)
{
    if (LIKELY(block->size <= free_blocks_only_in_bins))
        bins_remove(block);
    else
        free_blocks_remove_elsewhere(block);
}

/* Removes the smallest free block of at least `payload` bytes, the one at the lowest address among
 * equals, and tells its size, which is known before the block is reached; NULL if there is none. */
static inline struct block_meta *free_blocks_take(size_t payload, size_t *size)
{
    if (LIKELY(payload <= free_blocks_only_in_bins)) {
        *size = bins_find(payload);
        if (LIKELY(*size <= BINS_MAX))
            return bins_take(*size);
    }

    struct block_meta *block = free_blocks_take_elsewhere(payload);

    *size = block == NULL ? 0 : block->size;
    return block;
}

/* How many blocks are known as free. Reports the first that is not where it has to be. */
size_t free_blocks_check(void);

#endif
