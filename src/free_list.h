/* SPDX-License-Identifier: MIT */
/*
 * free_list.h - all free blocks in one list, for policies other than best fit and the lowest of
 * equals.
 *
 *     head ──▶ block ──▶ block ──▶ block ──▶ NULL
 *
 * The list is in the order of addresses, or has the block that became free last at its head. It is
 * searched from its head, so that a request takes O(n): such policies are for trying them out. The
 * link lies in the first bytes of the payload.
 */
#ifndef FREE_LIST_H
#define FREE_LIST_H

#include "block_list.h"
#include "policy.h"

static inline bool free_list_is_used(void)
{
    return policy_in_force.fit != FIT_BEST || policy_in_force.order != ORDER_ADDRESS;
}

void free_list_add(struct block_meta *block);
void free_list_remove(struct block_meta *block);

/* Adds a block to the place that it was in. It must be the last that was removed, and nothing may
 * have been added since. */
void free_list_put_back(struct block_meta *block);

/* Removes `next` in favour of `block`, a free block that is to take it in. The block moves to the
 * place of `next` if that is nearer to the head. */
void free_list_merge(struct block_meta *block, struct block_meta *next);

/* Removes and returns the block that the policy prefers among those of at least `payload` bytes;
 * NULL if there is none. */
struct block_meta *free_list_take(size_t payload);

/* Makes next fit search on behind the first `payload` bytes of `block`. */
void free_list_search_behind(const struct block_meta *block, size_t payload);

/* Returns the next block of at least `payload` bytes, or the first if `block` is NULL; NULL after
 * the last. */
struct block_meta *free_list_next(const struct block_meta *block, size_t payload);

size_t free_list_count(void);

#endif
