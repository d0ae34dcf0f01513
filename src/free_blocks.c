/* SPDX-License-Identifier: MIT */
#include "free_blocks.h"
#include "size_tree.h"

size_t free_blocks_only_in_bins;

static link_t large;

/* ---- Out of reach --------------------------------------------------------------------------- */

/*
 * A link reaches 16 GiB, and on a 32-bit machine three do not fit 8 bytes. Such blocks are found by
 * walking over the heap, from a block below which there are none of them.
 */
static size_t outside_count;
static struct block_meta *outside_lowest;

static bool is_outside(const struct block_meta *block)
{
    return block->size <= BINS_MAX ? !pairing_can_hold(block) : !can_link_to(block);
}

/* On a 32-bit machine even the smallest block of the heap may be one. */
void free_blocks_update_reach(void)
{
    bool within_reach = heap_extent.places <= LINK_MAX && LINKS_ROOM <= LINK_UNIT;

    free_blocks_only_in_bins = within_reach ? BINS_MAX : 0;
}

static void add_outside(struct block_meta *block)
{
    if (outside_count++ == 0 || block < outside_lowest)
        outside_lowest = block;
}

static void remove_outside(struct block_meta *block)
{
    outside_count--;
    if (block == outside_lowest)
        outside_lowest = block->next;
}

static struct block_meta *find_outside(size_t payload)
{
    struct block_meta *best = NULL;

    for (struct block_meta *block = outside_lowest; block != NULL; block = block->next) {
        if (block->status != STATUS_FREE || block->size < payload || !is_outside(block))
            continue;
        if (best == NULL || block->size < best->size)
            best = block;
        if (best->size == payload)
            break;
    }
    return best;
}

/* ---- All of them ---------------------------------------------------------------------------- */

void free_blocks_add_elsewhere(struct block_meta *block)
{
    if (is_outside(block))
        add_outside(block);
    else if (block->size <= BINS_MAX)
        bins_add(block);
    else
        size_tree_add(&large, block);
}

void free_blocks_remove_elsewhere(struct block_meta *block)
{
    if (is_outside(block))
        remove_outside(block);
    else if (block->size <= BINS_MAX)
        bins_remove(block);
    else
        size_tree_remove(&large, block);
}

/* The best fit within reach, or NULL. */
static struct block_meta *find_inside(size_t payload)
{
    size_t size = payload <= BINS_MAX ? bins_find(payload) : payload;

    return size <= BINS_MAX ? bins_lowest(size) : size_tree_find(large, payload);
}

static struct block_meta *find(size_t payload)
{
    struct block_meta *best = find_inside(payload);

    if (outside_count == 0)
        return best;

    struct block_meta *other = find_outside(payload);

    if (best == NULL || (other != NULL && other->size < best->size))
        return other;
    return other != NULL && other->size == best->size && other < best ? other : best;
}

struct block_meta *free_blocks_take_elsewhere(size_t payload)
{
    struct block_meta *block = find(payload);

    if (block != NULL)
        free_blocks_remove_elsewhere(block);
    return block;
}

size_t free_blocks_check(void)
{
    size_t count = bins_check() + outside_count;

    for (struct block_meta *block = NULL; (block = size_tree_next(large, block)) != NULL;)
        count++;
    return count;
}
