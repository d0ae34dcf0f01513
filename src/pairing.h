/* SPDX-License-Identifier: MIT */
/*
 * pairing.h - free blocks of one size, the one at the lowest address first.
 *
 * A pairing heap: a tree in which each block lies below all blocks under it. The children of a
 * block are a list. Adding a block compares it with the root, and one of the two becomes the first
 * child of the other; only where a block is removed are its children paired up, which is amortised
 * O(log n). Two or three blocks are touched where a search tree would touch one in each level, and
 * among a million blocks each of them is a cache miss.
 *
 *                 root ─┐                  A free block on a 64-bit machine:
 *                 0x20  │ child
 *              ┌────────┘                   0      8      12     16     24     32      36
 *              v                            +------+------+------+------+------+-------+---------+
 *            0x900 ◀─────▶ 0x140 ◀─────▶ …  | size | stat | back | prev | next | child | sibling |
 *              │    back/     │             +------+------+------+------+------+-------+---------+
 *              v    sibling   v                            ^^^^                  ^^^^^    ^^^^^^^
 *            0xa00          0x300
 *
 * `back` of a first child is its parent. Where the header has no room for `back` it follows
 * `sibling`.
 *
 * Every link is checked against the one that points the other way before anything is written
 * through it: a block that was written over after it was freed ends the program with a report.
 */
#ifndef PAIRING_H
#define PAIRING_H

#include "link.h"
#include "report.h"

struct links {
    link_t child;
    link_t sibling;
    link_t back; /* if it has no place in the header */
};

#define LINKS_ROOM (HAS_SPARE ? offsetof(struct links, back) : sizeof(struct links))

static inline struct links *links_of(struct block_meta *block)
{
    return (struct links *)(block + 1);
}

static inline link_t *back_of(struct block_meta *block)
{
    return HAS_SPARE ? spare_of(block) : &links_of(block)->back;
}

/* Whether the links of blocks can reach `block`, and it has room for its own. */
static inline bool pairing_can_hold(const struct block_meta *block)
{
    return can_link_to(block) && block->size >= LINKS_ROOM;
}

/* The block that a link leads to, which leads back to `back`. */
static inline struct block_meta *follow(link_t link, link_t back)
{
    struct block_meta *block = block_at(link);

    if (!is_link(link) || block->status != STATUS_FREE || *back_of(block) != back)
        report_overwritten_links(is_in_heap(block) || back == 0 ? block : block_at(back));
    return block;
}

static inline void set_back(link_t link, link_t old, link_t back)
{
    if (link != 0)
        *back_of(follow(link, old)) = back;
}

/* Joins two heaps; the result's `back` and `sibling` are left to the caller. */
static inline struct block_meta *meld(struct block_meta *one, struct block_meta *two)
{
    struct block_meta *low = one < two ? one : two;
    struct block_meta *high = one < two ? two : one;
    link_t child = links_of(low)->child;

    set_back(child, link_to(low), link_to(high));
    links_of(high)->sibling = child;
    *back_of(high) = link_to(low);
    links_of(low)->child = link_to(high);
    return low;
}

static inline void pairing_add(link_t *root, struct block_meta *block)
{
    links_of(block)->child = 0;
    if (*root != 0)
        block = meld(follow(*root, 0), block);
    *back_of(block) = 0;
    links_of(block)->sibling = 0;
    *root = link_to(block);
}

/* The link that leads to a block. */
static inline link_t *slot_of(link_t *root, struct block_meta *block)
{
    link_t self = link_to(block);
    link_t back = *back_of(block);
    link_t *slot = root;

    if (back != 0) {
        struct block_meta *before = block_at(back);
        struct links *links = links_of(before);

        if (!is_link(back) || before->status != STATUS_FREE)
            report_overwritten_links(block);
        slot = links->child == self ? &links->child : &links->sibling;
    }
    if (*slot != self)
        report_overwritten_links(block);
    return slot;
}

/* Most blocks have none under them. */
static inline bool pairing_is_leaf(struct block_meta *block)
{
    return links_of(block)->child == 0;
}

static inline void pairing_remove_leaf(link_t *root, struct block_meta *block)
{
    link_t *slot = slot_of(root, block);
    link_t sibling = links_of(block)->sibling;

    set_back(sibling, link_to(block), *back_of(block));
    *slot = sibling;
}

/* Removes a block that is no leaf. */
void pairing_remove_parent(link_t *root, struct block_meta *block);

/* The block at the lowest address; the heap is not empty. */
static inline struct block_meta *pairing_lowest(link_t root)
{
    return follow(root, 0);
}

/* How many blocks the heap holds, all of `size` bytes; reports the first that is not as it has to
 * be. */
size_t pairing_check(link_t root, size_t size);

#endif
