/* SPDX-License-Identifier: MIT */
/*
 * pairing.h - free blocks of one size, the one at the lowest address first.
 *
 * A pairing heap: a tree in which each block lies below all blocks under it. The children of a
 * block are a list. Adding a block compares it with the one at the top, and one of the two becomes
 * the first child of the other; only where a block is removed are its children paired up, which is
 * amortised O(log n). Two or three blocks are touched where a search tree would touch one in each
 * level, and among a million blocks each of them is a cache miss.
 *
 *                  top ─┐                  A free block on a 64-bit machine:
 *                 0x20  │ child
 *              ┌────────┘                   0      8      12     16     24     32      36
 *              v                            +------+------+------+------+------+-------+---------+
 *            0x900 ──────▶ 0x140 ──────▶ …  | size | stat | back | prev | next | child | sibling |
 *              │  sibling     │             +------+------+------+------+------+-------+---------+
 *              v              v                            ^^^^                  ^^^^^    ^^^^^^^
 *            0xa00          0x300
 *
 * `back` is the place of the link that leads to the block, so that a block is removed in the same
 * way wherever it is; 0 is at the top. Where the header has no room for it, it follows `sibling`.
 *
 * Every link that lies in a block is checked against the one that points the other way before
 * anything is written through it: a block that was written over after it was freed ends the
 * program with a report.
 *
 * Most blocks have one child or none. They are removed without a branch.
 *
 * Source: Fredman, Sedgewick, Sleator, Tarjan: The pairing heap, Algorithmica 1 (1986).
 */
#ifndef PAIRING_H
#define PAIRING_H

#include "branchless.h"
#include "link.h"
#include "report.h"

typedef uint32_t place_t; /* of a link; 0 is the top of a heap */

struct links {
    link_t child;
    link_t sibling;
    place_t back; /* if it has no room in the header */
};

#define LINKS_ROOM (HAS_SPARE ? offsetof(struct links, back) : sizeof(struct links))

static inline struct links *links_of(struct block_meta *block)
{
    return (struct links *)(block + 1);
}

static inline place_t *back_of(struct block_meta *block)
{
    return HAS_SPARE ? spare_of(block) : &links_of(block)->back;
}

/* ---- Links and their places ----------------------------------------------------------------- */

static inline place_t child_place(link_t link)
{
    return 2 * link;
}

static inline place_t sibling_place(link_t link)
{
    return 2 * link + 1;
}

static inline link_t link_of_place(place_t place)
{
    return place / 2;
}

/* The link at a place, which is `*top` for the top. */
static inline link_t *link_at(place_t place, link_t *top)
{
    link_t *places = (link_t *)(block_list.origin + sizeof(struct block_meta));

    return choose_pointer(mask_if(place != 0), &places[place], top);
}

/* Stands where a link leads to none. Its `sibling` is always 0; its `back` is written, and read by
 * those who then do not care. */
INTERNAL struct nobody {
    struct block_meta block;
    struct links links;
} nobody;

static inline struct block_meta *block_or_nobody(link_t link)
{
    return choose_pointer(mask_if(link != 0), block_at(link), &nobody.block);
}

/* The block that a link leads to, which has to lead back to its place; or nobody. */
static inline struct block_meta *follow(link_t link, place_t place)
{
    struct block_meta *block = block_or_nobody(link);

    if (UNLIKELY(link > block_list.units || ((*back_of(block) ^ place) & mask_if(link != 0)) != 0))
        report_overwritten_links(is_link(link) || place == 0 ? block
                                                             : block_at(link_of_place(place)));
    return block;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

/* Adds a block that lies above the one at the top. */
void pairing_add_under(link_t top, struct block_meta *block);

static inline void pairing_add(link_t *top, struct block_meta *block)
{
    link_t added = link_to(block);

    if (added - 1 > *top - 1) { /* which is not so if there is none */
        pairing_add_under(*top, block);
        return;
    }
    *back_of(block_or_nobody(*top)) = child_place(added);
    links_of(block)->child = *top;
    links_of(block)->sibling = 0;
    *back_of(block) = 0;
    *top = added;
}

/* Makes one heap of the several children of a block. Its `back` and `sibling` are left to the
 * caller. */
link_t pairing_join_children(struct block_meta *block);

/* What was under the block takes its place: it lies above the block, and so above its parent.
 * Inline at any rate, for much of it comes to nothing at the top. */
static inline __attribute__((always_inline)) void
pairing_replace(struct block_meta *block, link_t self, link_t *slot, place_t back, link_t sibling)
{
    link_t heir = links_of(block)->child;
    struct block_meta *child = follow(heir, child_place(self));

    if (links_of(child)->sibling != 0) {
        heir = pairing_join_children(block);
        child = block_at(heir);
    }

    struct block_meta *next = follow(sibling, sibling_place(self));
    uintptr_t has_heir = mask_if(heir != 0);

    *back_of(next) = choose(has_heir, sibling_place(heir), back);
    *slot = choose(has_heir, heir, sibling);
    *back_of(child) = back;
    links_of(child)->sibling = choose(has_heir, sibling, 0);
}

static inline void pairing_remove(link_t *top, struct block_meta *block)
{
    link_t self = link_to(block);
    place_t back = *back_of(block);
    link_t *slot = link_at(back, top);

    if (UNLIKELY(link_of_place(back) > block_list.units || *slot != self))
        report_overwritten_links(block);
    pairing_replace(block, self, slot, back, links_of(block)->sibling);
}

/* Removes the block at the lowest address; the heap is not empty. */
static inline struct block_meta *pairing_take(link_t *top)
{
    struct block_meta *block = block_at(*top);

    if (UNLIKELY(*back_of(block) != 0))
        report_overwritten_links(block);
    pairing_replace(block, *top, top, 0, 0);
    return block;
}

/* How many blocks the heap holds, all of `size` bytes; reports the first that is not as it has to
 * be. */
size_t pairing_check(link_t top, size_t size);

#endif
