/* SPDX-License-Identifier: MIT */
#include "size_tree.h"
#include "report.h"

struct node {
    struct block_meta *child[2]; /* before it, and behind it */
    uintptr_t mark;
};

_Static_assert(sizeof(struct node) == SIZE_TREE_ROOM, "the room a node needs");

static inline uintptr_t mark_for(const struct block_meta *block)
{
    return ~(uintptr_t)block;
}

static inline uint32_t priority(const struct block_meta *block)
{
    return (uint32_t)(((uint64_t)(uintptr_t)block >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 32);
}

static inline bool is_before(const struct block_meta *block, const struct block_meta *other)
{
    return block->size < other->size || (block->size == other->size && block < other);
}

static inline struct node *node_of(struct block_meta *block)
{
    struct node *node = (struct node *)(block + 1);

    if (!is_in_heap(block) || block->status != STATUS_FREE || node->mark != mark_for(block))
        report_mistake("the links of a free block were written over", block);
    return node;
}

void size_tree_add(struct block_meta **root, struct block_meta *block)
{
    struct block_meta **slot = root;
    struct node *added = (struct node *)(block + 1);

    added->mark = mark_for(block);
    while (*slot != NULL && priority(*slot) >= priority(block))
        slot = &node_of(*slot)->child[is_before(*slot, block)];

    /* What was here goes under the block: what is before it to its left, the rest to its right. */
    struct block_meta **open[2] = {&added->child[0], &added->child[1]};
    struct block_meta *below = *slot;

    *slot = block;
    while (below != NULL) {
        bool before = is_before(below, block);
        struct block_meta **inner = &node_of(below)->child[before];

        *open[!before] = below;
        open[!before] = inner;
        below = *inner;
    }
    *open[0] = *open[1] = NULL;
}

void size_tree_remove(struct block_meta **root, struct block_meta *block)
{
    struct block_meta **slot = root;

    while (*slot != block) {
        if (*slot == NULL)
            report_mistake("the header of a free block was written over", block);
        slot = &node_of(*slot)->child[is_before(*slot, block)];
    }

    struct block_meta *before = node_of(block)->child[0];
    struct block_meta *behind = node_of(block)->child[1];

    while (before != NULL && behind != NULL) {
        bool first = priority(before) >= priority(behind);
        struct block_meta **upper = first ? &before : &behind;
        struct block_meta **inner = &node_of(*upper)->child[first];

        *slot = *upper;
        slot = inner;
        *upper = *inner;
    }
    *slot = before != NULL ? before : behind;
}

struct block_meta *size_tree_find(struct block_meta *root, size_t payload)
{
    struct block_meta *best = NULL;

    while (root != NULL) {
        struct node *node = node_of(root);
        bool fits = root->size >= payload;

        if (fits)
            best = root;
        root = node->child[!fits];
    }
    return best;
}

struct block_meta *size_tree_next(struct block_meta *root, const struct block_meta *block)
{
    struct block_meta *next = NULL;

    while (root != NULL) {
        struct node *node = node_of(root);
        bool behind = block == NULL || is_before(block, root);

        if (behind)
            next = root;
        root = node->child[!behind];
    }
    return next;
}
