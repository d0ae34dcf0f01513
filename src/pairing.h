/* SPDX-License-Identifier: MIT */
/*
 * pairing.h - free blocks of one size, ordered by address.
 *
 * A pairing heap: a tree in which each block has a lower address than its children, which form a
 * list. A new block is compared with the top only: the higher of the two becomes the first child of
 * the lower. Children are paired up when their parent is removed, in O(log n) amortised. An
 * operation touches two or three blocks, a search tree one per level; among a million blocks, each
 * touch is a cache miss.
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
 * `back` is the slot of the link that leads to the block, which makes removal the same everywhere;
 * 0 at the top. If the header has no room for it, it follows `sibling`.
 *
 * A link in a block is checked against the one that leads back before anything is written through
 * it. If a program overwrites a block that it has freed, it ends with a report.
 *
 * Most blocks have at most one child. They are removed without a branch.
 *
 * Source: Fredman, Sedgewick, Sleator, Tarjan: The pairing heap, Algorithmica 1 (1986).
 */
#ifndef PAIRING_H
#define PAIRING_H

#include "branchless.h"
#include "link.h"
#include "report.h"

typedef uint32_t slot_t; /* where a link lies (see link.h); 0 is the top of a heap */

struct links {
    link_t child;
    link_t sibling;
    slot_t back; /* only if the header has no room for it */
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

/* Returns where the link in a slot lies; `top` for slot 0. */
static inline link_t *link_at(slot_t slot, link_t *top)
{
    link_t *slots = (link_t *)(block_list.origin + sizeof(struct block_meta));

    return choose_pointer(mask_if(slot != 0), &slots[slot], top);
}

/* Sentinel block for null links. Its `sibling` is always 0. Its `back` takes writes that nothing
 * depends on. */
INTERNAL struct sentinel {
    struct block_meta block;
    struct links links;
} sentinel;

static inline struct block_meta *block_or_sentinel(link_t link)
{
    return choose_pointer(mask_if(link != 0), block_at(link), &sentinel.block);
}

/* Follows the link in a slot. Reports a block that does not point back; returns the sentinel for 0.
 */
static inline struct block_meta *follow(link_t link, slot_t slot)
{
    struct block_meta *block = block_or_sentinel(link);

    if (UNLIKELY(link > block_list.units || ((*back_of(block) ^ slot) & mask_if(link != 0)) != 0))
        report_overwritten_links(is_link(link) || slot == 0 ? block : block_at(slot_owner(slot)));
    return block;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

/* Adds a block with a higher address than the top. */
void pairing_add_under(link_t top, struct block_meta *block);

static inline void pairing_add(link_t *top, struct block_meta *block)
{
    link_t added = link_to(block);

    if (added - 1 > *top - 1) { /* false if the heap is empty */
        pairing_add_under(*top, block);
        return;
    }
    *back_of(block_or_sentinel(*top)) = child_slot(added);
    links_of(block)->child = *top;
    links_of(block)->sibling = 0;
    *back_of(block) = 0;
    *top = added;
}

/* Joins the children of a block, at least one, into one heap. The caller sets its `back` and
 * `sibling`. */
link_t pairing_join_children(struct block_meta *block);

/* Puts the joined children of a block in its place. They have higher addresses than the block, and
 * therefore than its parent. Always inline: at the top, much of this is constant. */
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

/* Removes the block at the lowest address. The heap must not be empty. */
static inline struct block_meta *pairing_take(link_t *top)
{
    struct block_meta *block = block_at(*top);

    if (UNLIKELY(*back_of(block) != 0))
        report_overwritten_links(block);
    pairing_replace(block, *top, top, 0, 0);
    return block;
}

/* Counts the blocks in the heap, all of `size` bytes. Reports the first one that is out of place.
 */
size_t pairing_check(link_t top, size_t size);

#endif
