/* SPDX-License-Identifier: MIT */
/*
 * A walk over the heap's blocks in address order. Programs free and take memory at the low end
 * again and again, and hold on to what lies there: the walk starts at a block below which nothing
 * is free.
 */
#include "free_blocks.h"

static struct block_meta *lowest; /* no block below it is free; NULL: no block is */

void free_blocks_add(struct block_meta *block)
{
    if (lowest == NULL || block < lowest)
        lowest = block;
}

void free_blocks_remove(struct block_meta *block)
{
    if (block == lowest)
        lowest = block->next;
}

struct block_meta *free_blocks_best_fit(size_t payload)
{
    struct block_meta *best = NULL;

    for (struct block_meta *block = lowest; block != NULL; block = block->next) {
        if (block->status != STATUS_FREE || block->size < payload)
            continue;
        if (best == NULL || block->size < best->size)
            best = block;
        if (best->size == payload)
            break;
    }
    return best;
}
