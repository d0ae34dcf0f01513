/* SPDX-License-Identifier: MIT */
/*
 * block_list.h - the heap as a list of blocks, in the order of their addresses.
 *
 *     first                                                   last
 *       │                                                       │
 *       v                                                       v
 *     +--------+---------+--------+---------+ - - - - +--------+---------+
 *     | header | payload | header | payload |   gap   | header | payload |
 *     +--------+---------+--------+---------+ - - - - +--------+---------+
 *       │  next            ^   │  next                  ^                ^
 *       └──────────────────┘   └────────────────────────┘               end
 *
 * Two blocks are adjacent if no byte lies between them. A gap appears where other code, such as
 * libc's malloc(), has moved the break.
 *
 * A program that overflows a payload overwrites the links in the next header. Therefore a link is
 * followed only if the block it leads to points back; otherwise the program ends with a report.
 */
#ifndef BLOCK_LIST_H
#define BLOCK_LIST_H

#include <limits.h>

#include "block.h"

struct block_list {
    struct block_meta *first; /* NULL while the heap is empty */
    struct block_meta *last;
    uintptr_t end;    /* of the last block */
    uintptr_t units;  /* the number of units at which a header can begin */
    uintptr_t origin; /* of the links in link.h: one unit below the first header */
};

INTERNAL struct block_list block_list;

/* Whether a header can be read at `block`. There need not be one: the address may lie in a payload
 * or in a gap. One comparison is enough, as rotating makes an offset too large that is no multiple
 * of a unit. */
static inline bool is_in_heap(const struct block_meta *block)
{
    uintptr_t offset = (uintptr_t)block - (uintptr_t)block_list.first;

    return (offset >> UNIT_BITS | offset << (sizeof(offset) * CHAR_BIT - UNIT_BITS)) <
           block_list.units;
}

/* ---- Neighbours ----------------------------------------------------------------------------- */

/* Report `block` if a neighbour does not point back to it. */
void block_list_check_next(const struct block_meta *block);
void block_list_check_previous(const struct block_meta *block);
void block_list_check_neighbours(const struct block_meta *block);

/* Whether the next block begins where `block` ends, and points back. That makes other checks
 * unnecessary, as the address was computed and not only read. */
static inline bool has_adjacent_next(const struct block_meta *block)
{
    return (char *)block->next == end_of(block) && block->next->prev == block;
}

static inline bool has_adjacent_previous(const struct block_meta *block)
{
    return is_in_heap(block->prev) && block->prev->next == block &&
           end_of(block->prev) == (char *)block;
}

/* Checks that both neighbours point back to `block`. */
static inline void block_list_check_adjacent(const struct block_meta *block)
{
    if (UNLIKELY(!has_adjacent_next(block)))
        block_list_check_next(block);
    if (UNLIKELY(!has_adjacent_previous(block)))
        block_list_check_previous(block);
}

/* Returns the next block, adjacent or not; NULL after the last. */
static inline struct block_meta *next_block(const struct block_meta *block)
{
    if (UNLIKELY(!has_adjacent_next(block)))
        block_list_check_next(block);
    return block->next;
}

/* Returns the free block that begins where `block` ends, or NULL. */
static inline struct block_meta *next_free_neighbour(const struct block_meta *block)
{
    if (UNLIKELY(!has_adjacent_next(block))) {
        block_list_check_next(block);
        return NULL;
    }
    return block->next->status == STATUS_FREE ? block->next : NULL;
}

/* Returns the free block that ends where `block` begins, or NULL. */
static inline struct block_meta *previous_free_neighbour(const struct block_meta *block)
{
    if (UNLIKELY(!has_adjacent_previous(block))) {
        block_list_check_previous(block);
        return NULL;
    }
    return block->prev->status == STATUS_FREE ? block->prev : NULL;
}

/* ---- Changes -------------------------------------------------------------------------------- */

/* Makes `block` the predecessor of `next`, or the last block if that is NULL. */
static inline void set_previous(struct block_meta *next, struct block_meta *block)
{
    if (UNLIKELY(next == NULL))
        block_list.last = block;
    else
        next->prev = block;
}

/* Links `block` between two neighbours, of which `next` may be NULL. */
static inline void block_list_insert(struct block_meta *previous, struct block_meta *block,
                                     struct block_meta *next)
{
    block->prev = previous;
    block->next = next;
    previous->next = block;
    set_previous(next, block);
}

/* Merges the adjacent blocks from `begin` to `end`. The headers inside the merged block keep their
 * STATUS_FREE, so that freeing one of those blocks again finds it free. */
static inline void block_list_merge(struct block_meta *begin, const struct block_meta *end)
{
    struct block_meta *next = next_block(end);

    begin->size = (size_t)(end_of(end) - (char *)(begin + 1));
    begin->next = next;
    set_previous(next, begin);
}

/* Appends a block, which must lie above all others. */
void block_list_append(struct block_meta *block);

/* Resizes the last block after the break has moved up. */
void block_list_extend_last(size_t payload);

/* Removes the last block. The list must not be empty. */
void block_list_remove_last(void);

#endif
