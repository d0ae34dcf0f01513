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
 * `back` is the slot that holds the link that leads to the block, so that a block is removed in the
 * same way wherever it is; 0 is at the top. Where the header has no room for it, it follows
 * `sibling`.
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

typedef uint32_t slot_t; /* of a link; 0 is the top of a heap */

struct links {
    link_t child;
    link_t sibling;
    slot_t back; /* if it has no room in the header */
};

#define LINKS_SIZE (HAS_SPARE ? offsetof(struct links, back) : sizeof(struct links))

static inline struct links *links_of(struct block_meta *block)
{
    return (struct links *)(block + 1);
}

static inline slot_t *back_of(struct block_meta *block)
{
    return HAS_SPARE ? spare_of(block) : &links_of(block)->back;
}

/* ---- Links and their slots ------------------------------------------------------------------ */

static inline slot_t child_slot(link_t link)
{
    return 2 * link;
}

static inline slot_t sibling_slot(link_t link)
{
    return 2 * link + 1;
}

static inline link_t slot_owner(slot_t slot)
{
    return slot / 2;
}

/* The link in a slot, which is `*top` for the top. */
static inline link_t *link_at(slot_t slot, link_t *top)
{
    link_t *slots = (link_t *)(block_list.origin + sizeof(struct block_meta));

    return choose_pointer(mask_if(slot != 0), &slots[slot], top);
}

/* Stands where a link leads to none. Its `sibling` is always 0; its `back` is written, and read by
 * those who then do not care. */
INTERNAL struct sentinel {
    struct block_meta block;
    struct links links;
} sentinel;

static inline struct block_meta *block_or_sentinel(link_t link)
{
    return choose_pointer(mask_if(link != 0), block_at(link), &sentinel.block);
}

/* The block that a link leads to, which has to lead back to its slot; or the sentinel. */
static inline struct block_meta *follow(link_t link, slot_t slot)
{
    struct block_meta *block = block_or_sentinel(link);

    if (UNLIKELY(link > block_list.units || ((*back_of(block) ^ slot) & mask_if(link != 0)) != 0))
        report_overwritten_links(is_link(link) || slot == 0 ? block : block_at(slot_owner(slot)));
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
    *back_of(block_or_sentinel(*top)) = child_slot(added);
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
static inline __attribute__((always_inline)) void pairing_replace(struct block_meta *block,
                                                                  link_t self, link_t *incoming,
                                                                  slot_t back, link_t sibling)
{
    link_t replacement = links_of(block)->child;
    struct block_meta *child = follow(replacement, child_slot(self));

    if (links_of(child)->sibling != 0) {
        replacement = pairing_join_children(block);
        child = block_at(replacement);
    }

    struct block_meta *next = follow(sibling, sibling_slot(self));
    uintptr_t has_replacement = mask_if(replacement != 0);

    *back_of(next) = choose(has_replacement, sibling_slot(replacement), back);
    *incoming = choose(has_replacement, replacement, sibling);
    *back_of(child) = back;
    links_of(child)->sibling = choose(has_replacement, sibling, 0);
}

static inline void pairing_remove(link_t *top, struct block_meta *block)
{
    link_t self = link_to(block);
    slot_t back = *back_of(block);
    link_t *incoming = link_at(back, top);

    if (UNLIKELY(slot_owner(back) > block_list.units || *incoming != self))
        report_overwritten_links(block);
    pairing_replace(block, self, incoming, back, links_of(block)->sibling);
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
