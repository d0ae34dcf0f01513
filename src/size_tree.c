/* SPDX-License-Identifier: MIT */
#include "size_tree.h"
#include "report.h"

struct node {
    link_t child[2]; /* left and right */
};

/* Derived from the seal, but never equal to it. */
static inline uint32_t mark_for(const struct block_meta *block)
{
    return ~seal_for(block);
}

/* Hashes a link, mixing twice so that equally spaced addresses make no pattern. Each step can be
 * reversed, so no two links have the same priority. */
static inline uint32_t priority(link_t link)
{
    link *= UINT32_C(0x9E3779B1);
    link ^= link >> 15;
    link *= UINT32_C(0x85EBCA6B);
    return link ^ link >> 13;
}

static inline bool precedes(const struct block_meta *block, const struct block_meta *other)
{
    return block->size < other->size || (block->size == other->size && block < other);
}

/* Follows a link that was found in `from`, or in the root if that is NULL. */
static inline struct block_meta *follow(link_t link, const struct block_meta *from)
{
    struct block_meta *block = block_at(link);

    if (!is_in_heap(block) || block->status != STATUS_FREE ||
        (HAS_SPARE && *spare_of(block) != mark_for(block)))
        report_overwritten_links(is_in_heap(block) ? block : from);
    return block;
}

static inline struct node *node_of(struct block_meta *block)
{
    return (struct node *)(block + 1);
}

void size_tree_add(link_t *root, struct block_meta *block)
{
    link_t added = link_to(block);
    link_t *slot = root;
    struct block_meta *parent = NULL;

    if (HAS_SPARE)
        *spare_of(block) = mark_for(block);
    while (*slot != 0 && priority(*slot) > priority(added)) {
        parent = follow(*slot, parent);
        slot = &node_of(parent)->child[precedes(parent, block)];
    }

    /* Splits the subtree that was here into the children of the new block. */
    link_t *open[2] = {&node_of(block)->child[0], &node_of(block)->child[1]};
    link_t rest = *slot;

    *slot = added;
    while (rest != 0) {
        struct block_meta *below = follow(rest, parent);
        bool is_left = precedes(below, block);

        *open[!is_left] = rest;
        open[!is_left] = &node_of(below)->child[is_left];
        rest = *open[!is_left];
        parent = below;
    }
    *open[0] = *open[1] = 0;
}

void size_tree_remove(link_t *root, struct block_meta *block)
{
    link_t removed = link_to(block);
    link_t *slot = root;
    struct block_meta *parent = NULL;

    while (*slot != removed) {
        if (*slot == 0)
            report_mistake("the header of a free block was overwritten", block + 1);
        parent = follow(*slot, parent);
        slot = &node_of(parent)->child[precedes(parent, block)];
    }

    link_t left = node_of(follow(removed, parent))->child[0];
    link_t right = node_of(block)->child[1];

    while (left != 0 && right != 0) {
        bool is_left = priority(left) > priority(right);
        link_t *top = is_left ? &left : &right;

        *slot = *top;
        parent = follow(*top, block);
        slot = &node_of(parent)->child[is_left];
        *top = *slot;
    }
    *slot = left != 0 ? left : right;
}

struct block_meta *size_tree_find(link_t root, size_t payload)
{
    struct block_meta *best = NULL;
    struct block_meta *block = NULL;

    for (link_t link = root; link != 0;) {
        block = follow(link, block);

        bool fits = block->size >= payload;

        if (fits)
            best = block;
        link = node_of(block)->child[!fits];
    }
    return best;
}

struct block_meta *size_tree_next(link_t root, const struct block_meta *block)
{
    struct block_meta *next = NULL;
    struct block_meta *here = NULL;

    for (link_t link = root; link != 0;) {
        here = follow(link, here);

        bool follows = block == NULL || precedes(block, here);

        if (follows)
            next = here;
        link = node_of(here)->child[!follows];
    }
    return next;
}
