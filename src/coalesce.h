/* SPDX-License-Identifier: MIT */
/*
 * coalesce.h - merges a block that becomes free with its free neighbours: at once, so that two
 * adjacent blocks are never both free, or where the policy says so, when a request needs it.
 */
#ifndef COALESCE_H
#define COALESCE_H

#include "block_list.h"
#include "free_blocks.h"
#include "policy.h"

/* Merges all free blocks that touch. Returns whether there were any. */
bool coalesce_all(void);

/* Frees a block, and adds what it becomes part of to the index. */
static inline void coalesce(struct block_meta *block)
{
    if (UNLIKELY(policy_in_force.merge == MERGE_AT_NEED)) {
        block->status = STATUS_FREE;
        free_blocks_add(block);
        return;
    }

    struct block_meta *next = next_free_neighbour(block);
    struct block_meta *previous = previous_free_neighbour(block);
    struct block_meta *begin = block;
    const struct block_meta *end = block;

    block->status = STATUS_FREE;
    if (next != NULL) {
        free_blocks_remove(next);
        end = next;
    }
    if (previous != NULL) {
        free_blocks_remove(previous);
        begin = previous;
    }
    if (begin != end)
        block_list_merge(begin, end);
    free_blocks_add(begin);
}

#endif
