/* SPDX-License-Identifier: MIT */
#include "free_list.h"
#include "report.h"

static struct block_meta *head;
static struct block_meta **removed_from; /* the link that led to the block that was removed last */
static const char *taken_to;             /* where next fit searches on */

static struct block_meta **link_of(const struct block_meta *block)
{
    return (struct block_meta **)(block + 1);
}

/* Follows a link. Reports one that was overwritten. */
static struct block_meta *follow_link(struct block_meta *const *link)
{
    struct block_meta *block = *link;

    if (block != NULL && (!is_in_heap(block) || block->status != STATUS_FREE))
        report_overwritten_links(link == &head ? block : (const struct block_meta *)link - 1);
    return block;
}

/* Finds the link that leads to `block`, or that leads to none. */
static struct block_meta **link_to_block(const struct block_meta *block)
{
    struct block_meta **link = &head;

    for (struct block_meta *at; (at = follow_link(link)) != NULL && at != block;)
        link = link_of(at);
    return link;
}

static void put(struct block_meta **link, struct block_meta *block)
{
    *link_of(block) = *link;
    *link = block;
}

void free_list_add(struct block_meta *block)
{
    struct block_meta **link = &head;

    if (policy_in_force.order == ORDER_ADDRESS)
        for (struct block_meta *at; (at = follow_link(link)) != NULL && at < block;)
            link = link_of(at);
    put(link, block);
}

void free_list_remove(struct block_meta *block)
{
    removed_from = link_to_block(block);
    if (*removed_from == NULL)
        report_overwritten_links(block);
    *removed_from = *link_of(block);
}

void free_list_put_back(struct block_meta *block)
{
    put(removed_from, block);
}

void free_list_merge(struct block_meta *block, struct block_meta *next)
{
    struct block_meta **link = &head;
    struct block_meta *at;

    while ((at = follow_link(link)) != block && at != NULL && at != next)
        link = link_of(at);
    free_list_remove(next);
    if (at == next) {
        free_list_remove(block);
        put(link, block);
    }
}

/* Whether `block`, which comes after `best` in the list, is to be taken rather than that. */
static bool is_better(const struct block_meta *block, const struct block_meta *best)
{
    switch (policy_in_force.fit) {
    case FIT_BEST:
        return block->size < best->size;
    case FIT_WORST:
        return block->size > best->size;
    case FIT_NEXT:
        return (const char *)(block + 1) >= taken_to && (const char *)(best + 1) < taken_to;
    default:
        return false;
    }
}

struct block_meta *free_list_take(size_t payload)
{
    struct block_meta *best = NULL;

    for (struct block_meta *block = NULL; (block = free_list_next(block, payload)) != NULL;)
        if (best == NULL || is_better(block, best))
            best = block;
    if (best != NULL) {
        free_list_remove(best);
        free_list_search_behind(best, payload);
    }
    return best;
}

void free_list_search_behind(const struct block_meta *block, size_t payload)
{
    taken_to = (const char *)(block + 1) + payload;
}

struct block_meta *free_list_next(const struct block_meta *block, size_t payload)
{
    struct block_meta *next = follow_link(block == NULL ? &head : link_of(block));

    while (next != NULL && next->size < payload)
        next = follow_link(link_of(next));
    return next;
}

size_t free_list_count(void)
{
    size_t count = 0;

    for (struct block_meta *block = NULL; (block = free_list_next(block, 0)) != NULL;)
        count++;
    return count;
}
