/* SPDX-License-Identifier: MIT */
#include "free_blocks.h"
#include "block_list.h"
#include "size_tree.h"

size_t free_blocks_bin_limit;

static link_t tree;
static size_t unindexed;

/* On a 32-bit machine, a block of 8 bytes is too small for the links of a bin, so the bins never
 * hold all small blocks. */
void free_blocks_update_bin_limit(void)
{
    bool bins_hold_all = block_list.units <= LINK_MAX && LINKS_SIZE <= UNIT;

    free_blocks_bin_limit = bins_hold_all ? BINS_MAX : 0;
}

static bool fits_bin(const struct block_meta *block)
{
    return block->size <= BINS_MAX && block->size >= LINKS_SIZE;
}

void free_blocks_add_slow(struct block_meta *block)
{
    if (!can_link_to(block))
        unindexed++;
    else if (fits_bin(block))
        bins_add(block);
    else
        size_tree_add(&tree, block);
}

void free_blocks_remove_slow(struct block_meta *block)
{
    if (!can_link_to(block))
        unindexed--;
    else if (fits_bin(block))
        bins_remove(block);
    else
        size_tree_remove(&tree, block);
}

static struct block_meta *find_in_bins(size_t payload)
{
    size_t bin = payload <= BINS_MAX ? bins_find(payload) : BINS;

    return bin < BINS ? bins_lowest(bin) : NULL;
}

/* Searches the blocks that links can't reach, from the end of the heap down. */
static struct block_meta *find_unindexed(size_t payload)
{
    struct block_meta *best = NULL;

    if (unindexed == 0)
        return NULL;
    for (struct block_meta *block = block_list.last; !can_link_to(block); block = block->prev) {
        block_list_check_neighbours(block);
        if (block->status == STATUS_FREE && block->size >= payload &&
            (best == NULL || block->size <= best->size))
            best = block;
    }
    return best;
}

/* Returns the better fit; either block may be NULL. `one` wins a tie: it lies lower. */
static struct block_meta *better(struct block_meta *one, struct block_meta *other)
{
    if (one == NULL || other == NULL)
        return one == NULL ? other : one;
    return other->size < one->size ? other : one;
}

struct block_meta *free_blocks_take_slow(size_t payload)
{
    struct block_meta *block = better(better(find_in_bins(payload), size_tree_find(tree, payload)),
                                      find_unindexed(payload));

    if (block != NULL)
        free_blocks_remove_slow(block);
    return block;
}

size_t free_blocks_check(void)
{
    size_t count = bins_check() + unindexed;

    for (struct block_meta *block = NULL; (block = size_tree_next(tree, block)) != NULL;)
        count++;
    return count;
}
