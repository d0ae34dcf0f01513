/* SPDX-License-Identifier: MIT */
/*
 * heap.c - takes, releases and resizes blocks.
 */
#include <string.h>

#include "block_list.h"
#include "coalesce.h"
#include "free_blocks.h"
#include "growth.h"
#include "heap.h"
#include "policy.h"
#include "trim.h"

/* ---- Splitting ------------------------------------------------------------------------------ */

/* Cuts `block`, which has `size` bytes, down to `payload` bytes if the rest can hold a block.
 * Returns the rest, linked but not yet added to the free blocks; NULL if it was too small. */
static inline struct block_meta *cut(struct block_meta *block, size_t size, size_t payload)
{
    size_t rest = size - payload;

    if (rest < sizeof(*block) + policy_in_force.smallest_rest)
        return NULL;

    struct block_meta *next = next_block(block);
    struct block_meta *remainder = (struct block_meta *)((char *)(block + 1) + payload);

    remainder->size = rest - sizeof(*remainder);
    remainder->status = STATUS_FREE;
    block_list_insert(block, remainder, next);
    block->size = payload;
    return remainder;
}

static void split(struct block_meta *block, size_t payload)
{
    struct block_meta *remainder = cut(block, block->size, payload);

    if (remainder != NULL)
        coalesce(remainder);
}

/* ---- Requests ------------------------------------------------------------------------------- */

/* Returns a block of `payload` bytes if no free block is large enough. */
static OUTLINE struct block_meta *take_new(size_t payload, size_t prealloc)
{
    if (policy_in_force.merge == MERGE_AT_NEED && coalesce_all())
        return heap_take(payload, prealloc);
    switch (growth_add(payload, prealloc)) {
    case GROWN:
        block_list.last->status = STATUS_ALLOC;
        free_list_search_behind(block_list.last, payload);
        return block_list.last;
    case ELSEWHERE:
        return heap_take(payload, 0);
    default:
        return NULL;
    }
}

/* The block that was freed last, until the next call. Its neighbours may be free, too. */
static struct block_meta *aside;

/* Whether `aside` is the best fit, and has just the size. If a free block follows, they count as
 * one, which would be split where they meet. */
static inline bool does_aside_fit(size_t payload)
{
    return aside->size == payload && free_blocks_is_lowest_of(aside, payload) &&
           previous_free_neighbour(aside) == NULL &&
           (next_free_neighbour(aside) == NULL ||
            free_blocks_is_best_with(aside, next_free_neighbour(aside)));
}

static inline void settle(void)
{
    struct block_meta *block = aside;

    aside = NULL;
    if (block != NULL)
        coalesce(block);
}

void heap_settle(void)
{
    settle();
}

struct block_meta *heap_take(size_t payload, size_t prealloc)
{
    if (aside != NULL) {
        struct block_meta *block = aside;

        if (does_aside_fit(payload)) {
            aside = NULL;
            block->status = STATUS_ALLOC;
            return block;
        }
        settle();
    }

    size_t size;
    struct block_meta *block = free_blocks_take(payload, &size);

    if (UNLIKELY(block == NULL))
        return take_new(payload, prealloc);

    struct block_meta *remainder = cut(block, size, payload);

    block->status = STATUS_ALLOC;
    if (remainder != NULL)
        free_blocks_add(remainder); /* its free neighbours, if any, are merged at need */
    return block;
}

struct block_meta *heap_take_noting_dirty(size_t payload, size_t prealloc, size_t *dirty)
{
    growth_untouched = NULL;

    struct block_meta *block = heap_take(payload, prealloc);

    *dirty = payload;
    if (block != NULL && growth_untouched != NULL && growth_untouched < end_of(block))
        *dirty = growth_untouched < (char *)(block + 1)
                     ? 0
                     : (size_t)(growth_untouched - (char *)(block + 1));
    return block;
}

struct block_meta *heap_take_aligned(size_t payload, size_t alignment, size_t prealloc)
{
    size_t smallest =
        sizeof(struct block_meta) + policy_in_force.alignment; /* total of the block in front */
    size_t enough;

    if (__builtin_add_overflow(payload, alignment + smallest, &enough) || enough > INTPTR_MAX / 2) {
        errno = ENOMEM;
        return NULL;
    }

    struct block_meta *block = heap_take(enough, prealloc);

    if (block == NULL)
        return NULL;

    size_t lead = -(uintptr_t)(block + 1) & (alignment - 1);

    if (lead != 0) {
        struct block_meta *front = block;

        while (lead < smallest)
            lead += alignment;
        block = (struct block_meta *)((char *)front + lead);
        block->size = front->size - lead;
        block->status = STATUS_ALLOC;
        block_list_insert(front, block, next_block(front));
        front->size = lead - sizeof(*front);
        coalesce(front);
    }
    split(block, payload);
    return block;
}

/* Whether a block that becomes free has to be in the index at once, for trimming to find it there.
 * A model of the requests has no block aside: its policy is to trim whatever becomes free. */
static inline bool concerns_trimming(const struct block_meta *block)
{
    return policy_in_force.trim != 0 &&
           (!policy_in_force.extended || sizeof(*block) + block->size >= policy_in_force.trim);
}

static inline void set_aside(struct block_meta *block)
{
    block_list_check_adjacent(block);
    block->status = STATUS_FREE;
    aside = block;
    if (concerns_trimming(block))
        settle();
}

void heap_release(struct block_meta *block)
{
    settle();
    set_aside(block);
    trim_after_release();
}

/* Moves the contents of `block` to a new block. If there is none, gives back what `block` has taken
 * in from its neighbour. */
static struct block_meta *move(struct block_meta *block, size_t payload, size_t contents)
{
    struct block_meta *moved = heap_take(payload, 0);

    if (moved == NULL) {
        split(block, contents);
        return NULL;
    }
    memcpy(moved + 1, block + 1, contents);
    set_aside(block);
    return moved;
}

static struct block_meta *resize(struct block_meta *block, size_t payload)
{
    size_t contents = block->size;

    if (payload > contents && block == block_list.last && growth_is_possible_in_place()) {
        enum growth growth = growth_extend_last(payload);

        if (growth != ELSEWHERE)
            return growth == GROWN ? block : NULL;
    }

    struct block_meta *next = next_free_neighbour(block);

    while (payload > contents && next != NULL) {
        free_blocks_remove(next);
        block_list_merge(block, next);
        next = policy_in_force.merge == MERGE_AT_NEED ? next_free_neighbour(block) : NULL;
    }
    if (payload > block->size)
        return move(block, payload, contents);
    split(block, payload);
    return block;
}

struct block_meta *heap_resize(struct block_meta *block, size_t payload)
{
    settle();

    struct block_meta *resized = resize(block, payload);

    if (resized != NULL)
        trim_after_release();
    return resized;
}
