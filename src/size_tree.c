/* SPDX-License-Identifier: MIT */
#include "size_tree.h"
#include "report.h"

#define HIGH_BITS 8 /* of each link, in the spare bytes of the header, above the mark */
#define MARK_BITS (32 - 2 * HIGH_BITS)

bool size_tree_reaches(const struct block_meta *block)
{
    return !HAS_SPARE || (uint64_t)link_distance(block) >> (32 + HIGH_BITS) == 0;
}

/* Derived from the seal, but never equal to it. */
static inline uint32_t mark_for(const struct block_meta *block)
{
    return ~seal_for(block) & ((1U << MARK_BITS) - 1);
}

static inline bool is_marked(struct block_meta *block)
{
    return !HAS_SPARE || (*spare_of(block) & ((1U << MARK_BITS) - 1)) == mark_for(block);
}

/* ---- Links ---------------------------------------------------------------------------------- */

static inline struct block_meta *child_of(struct block_meta *block, bool right)
{
    uint64_t link = ((const uint32_t *)(block + 1))[right];

    if (HAS_SPARE)
        link |= (uint64_t)(*spare_of(block) >> (MARK_BITS + HIGH_BITS * right) & 0xFF) << 32;
    return link == 0 ? NULL : (struct block_meta *)(block_list.origin + (uintptr_t)link * UNIT);
}

static inline void set_child(struct block_meta *block, bool right, const struct block_meta *child)
{
    uint64_t link = child == NULL ? 0 : link_distance(child);
    unsigned shift = MARK_BITS + HIGH_BITS * right;

    ((uint32_t *)(block + 1))[right] = (uint32_t)link;
    if (HAS_SPARE)
        *spare_of(block) = (*spare_of(block) & ~(0xFFU << shift)) | (uint32_t)(link >> 32) << shift;
}

/* Where a link lies: in a block, or the root of the tree if `owner` is NULL. */
struct place {
    struct block_meta *owner;
    bool right;
};

static inline struct block_meta *load(struct block_meta *const *root, struct place place)
{
    return place.owner == NULL ? *root : child_of(place.owner, place.right);
}

static inline void store(struct block_meta **root, struct place place, struct block_meta *block)
{
    if (place.owner == NULL)
        *root = block;
    else
        set_child(place.owner, place.right, block);
}

/* ---- Order ---------------------------------------------------------------------------------- */

/* Hashes an address, mixing twice so that equally spaced addresses make no pattern. Each step can
 * be reversed, so no two blocks have the same priority. */
static inline uint64_t priority(const struct block_meta *block)
{
    uint64_t mixed = (uintptr_t)block * UINT64_C(0x9E3779B97F4A7C15);

    mixed ^= mixed >> 32;
    mixed *= UINT64_C(0xBF58476D1CE4E5B9);
    return mixed ^ mixed >> 29;
}

static inline bool precedes(const struct block_meta *block, const struct block_meta *other)
{
    return block->size < other->size || (block->size == other->size && block < other);
}

/* Checks the child of `from`, or the root if that is NULL, before anything is read or written
 * there. */
static inline struct block_meta *follow_from(struct block_meta *block,
                                             const struct block_meta *from)
{
    if (!is_in_heap(block) || block->status != STATUS_FREE || !is_marked(block))
        report_overwritten_links(is_in_heap(block) ? block : from);
    return block;
}

/* ---- The tree ------------------------------------------------------------------------------- */

void size_tree_add(struct block_meta **root, struct block_meta *block)
{
    struct place place = {0};
    struct block_meta *rest;

    if (HAS_SPARE)
        *spare_of(block) = mark_for(block);
    while ((rest = load(root, place)) != NULL && priority(rest) > priority(block))
        place = (struct place){rest, precedes(follow_from(rest, place.owner), block)};
    store(root, place, block);

    /* Splits the subtree that was here into the children of the new block. */
    struct place open[2] = {{block, false}, {block, true}};

    while (rest != NULL) {
        bool is_left = precedes(follow_from(rest, place.owner), block);

        store(root, open[!is_left], rest);
        place = open[!is_left] = (struct place){rest, is_left};
        rest = load(root, place);
    }
    store(root, open[0], NULL);
    store(root, open[1], NULL);
}

void size_tree_remove(struct block_meta **root, struct block_meta *block)
{
    struct place place = {0};

    for (struct block_meta *here; (here = load(root, place)) != block;) {
        if (here == NULL)
            report_mistake("the header of a free block was overwritten", block + 1);
        place = (struct place){here, precedes(follow_from(here, place.owner), block)};
    }

    struct block_meta *left = child_of(follow_from(block, place.owner), false);
    struct block_meta *right = child_of(block, true);

    while (left != NULL && right != NULL) {
        bool is_left = priority(left) > priority(right);
        struct block_meta **top = is_left ? &left : &right;

        store(root, place, *top);
        place = (struct place){follow_from(*top, block), is_left};
        *top = load(root, place);
    }
    store(root, place, left != NULL ? left : right);
}

bool size_tree_is_only(struct block_meta *root, struct block_meta *block)
{
    return root == block && child_of(block, false) == NULL && child_of(block, true) == NULL;
}

struct block_meta *size_tree_find(struct block_meta *root, size_t payload)
{
    struct block_meta *best = NULL;
    struct block_meta *from = NULL;

    for (struct block_meta *block = root; block != NULL;) {
        bool fits = follow_from(block, from)->size >= payload;

        if (fits)
            best = block;
        from = block;
        block = child_of(block, !fits);
    }
    return best;
}

struct block_meta *size_tree_next(struct block_meta *root, const struct block_meta *block)
{
    struct block_meta *next = NULL;
    struct block_meta *from = NULL;

    for (struct block_meta *here = root; here != NULL;) {
        from = follow_from(here, from);

        bool follows = block == NULL || precedes(block, here);

        if (follows)
            next = here;
        here = child_of(here, !follows);
    }
    return next;
}
