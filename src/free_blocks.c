/* SPDX-License-Identifier: MIT */
#include "free_blocks.h"
#include "block_list.h"
#include "size_tree.h"

size_t free_blocks_bin_limit;
size_t free_blocks_large_bytes;

static struct block_meta *tree;
static size_t unindexed;

/* On a 32-bit machine, a block of 8 bytes is too small for the links of a bin, so the bins never
 * hold all small blocks. */
void free_blocks_update_bin_limit(void)
{
    bool bins_hold_all = block_list.units <= LINK_MAX && LINKS_SIZE <= UNIT && !free_list_is_used();

    free_blocks_bin_limit = bins_hold_all ? BINS_MAX : 0;
}

static bool fits_bin(const struct block_meta *block)
{
    return block->size <= BINS_MAX && block->size >= LINKS_SIZE && can_link_to(block);
}

static size_t large_bytes(const struct block_meta *block)
{
    return block->size >= FREE_LARGE ? block->size : 0;
}

void free_blocks_add_slow(struct block_meta *block)
{
    free_blocks_large_bytes += large_bytes(block);
    if (free_list_is_used())
        free_list_add(block);
    else if (fits_bin(block))
        bins_add(block);
    else if (size_tree_reaches(block))
        size_tree_add(&tree, block);
    else
        unindexed++;
}

void free_blocks_remove_slow(struct block_meta *block)
{
    free_blocks_large_bytes -= large_bytes(block);
    if (free_list_is_used())
        free_list_remove(block);
    else if (fits_bin(block))
        bins_remove(block);
    else if (size_tree_reaches(block))
        size_tree_remove(&tree, block);
    else
        unindexed--;
}

void free_blocks_put_back(struct block_meta *block)
{
    if (free_list_is_used()) {
        free_blocks_large_bytes += large_bytes(block);
        free_list_put_back(block);
    } else {
        free_blocks_add(block);
    }
}

void free_blocks_merge(struct block_meta *block, struct block_meta *next)
{
    if (free_list_is_used()) {
        free_blocks_large_bytes -= large_bytes(block) + large_bytes(next);
        free_list_merge(block, next);
        block_list_merge(block, next);
        free_blocks_large_bytes += large_bytes(block);
        return;
    }
    free_blocks_remove(block);
    free_blocks_remove(next);
    block_list_merge(block, next);
    free_blocks_add(block);
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
    for (struct block_meta *block = block_list.last; !size_tree_reaches(block);
         block = block->prev) {
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

/* Returns the next larger block in place of the end of the heap, where memory may never have been
 * touched. The specification knows no such exception. */
static struct block_meta *spare_the_end(struct block_meta *block)
{
    if (!policy_in_force.extended || block != block_list.last || block->size <= BINS_MAX ||
        !size_tree_reaches(block))
        return block;

    struct block_meta *other = size_tree_next(tree, block);

    return other == NULL ? block : other;
}

struct block_meta *free_blocks_take_slow(size_t payload)
{
    if (free_list_is_used()) {
        struct block_meta *taken = free_list_take(payload);

        free_blocks_large_bytes -= taken == NULL ? 0 : large_bytes(taken);
        return taken;
    }

    struct block_meta *block = better(better(find_in_bins(payload), size_tree_find(tree, payload)),
                                      find_unindexed(payload));

    if (block == NULL)
        return NULL;
    block = spare_the_end(block);
    free_blocks_remove_slow(block);
    return block;
}

bool free_blocks_is_best_with(const struct block_meta *block, struct block_meta *next)
{
    size_t bin = bins_find(block->size);

    if (bin < BINS)
        return block->size + sizeof(*block) + next->size < bin * UNIT;
    return next->size > BINS_MAX && size_tree_is_only(tree, next);
}

size_t free_blocks_check(void)
{
    size_t count = bins_check() + unindexed + free_list_count();

    for (struct block_meta *block = NULL; (block = size_tree_next(tree, block)) != NULL;)
        count++;
    return count;
}

struct block_meta *free_blocks_next_large(const struct block_meta *block, size_t payload)
{
    if (free_list_is_used())
        return free_list_next(block, payload);
    return block == NULL ? size_tree_find(tree, payload) : size_tree_next(tree, block);
}
