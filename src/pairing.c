/* SPDX-License-Identifier: MIT */
#include "pairing.h"

struct sentinel sentinel;

void pairing_add_under(link_t top, struct block_meta *block)
{
    struct links *links = links_of(follow(top, 0));
    link_t added = link_to(block);

    *back_of(follow(links->child, child_slot(top))) = sibling_slot(added);
    links_of(block)->child = 0;
    links_of(block)->sibling = links->child;
    *back_of(block) = child_slot(top);
    links->child = added;
}

/* Joins two heaps. The caller sets `back` and `sibling` of the result. */
static struct block_meta *join(struct block_meta *one, struct block_meta *two)
{
    struct block_meta *low = one < two ? one : two;
    struct block_meta *high = one < two ? two : one;
    link_t child = links_of(low)->child;

    *back_of(follow(child, child_slot(link_to(low)))) = sibling_slot(link_to(high));
    links_of(high)->sibling = child;
    *back_of(high) = child_slot(link_to(low));
    links_of(low)->child = link_to(high);
    return low;
}

/* Joins neighbours from the first child on, then the resulting pairs from the last one back. */
link_t pairing_join_children(struct block_meta *block)
{
    struct block_meta *pairs = NULL; /* a list by `sibling`, the last pair first */
    slot_t slot = child_slot(link_to(block));
    link_t rest = links_of(block)->child;

    do {
        struct block_meta *pair = follow(rest, slot);
        link_t second = links_of(pair)->sibling;

        if (second == 0) {
            rest = 0;
        } else {
            struct block_meta *other = follow(second, sibling_slot(rest));

            slot = sibling_slot(second);
            rest = links_of(other)->sibling;
            pair = join(pair, other);
        }
        links_of(pair)->sibling = pairs == NULL ? 0 : link_to(pairs);
        *back_of(pair) = 0;
        pairs = pair;
    } while (rest != 0);
    for (link_t next = links_of(pairs)->sibling; next != 0;) {
        struct block_meta *pair = follow(next, 0);

        next = links_of(pair)->sibling;
        pairs = join(pairs, pair);
    }
    return link_to(pairs);
}

/* Returns the parent of a block: the owner of the slot where its list begins; 0 at the top. */
static link_t parent_of(link_t link)
{
    slot_t back = *back_of(block_at(link));

    while (back % 2 != 0)
        back = *back_of(block_at(slot_owner(back)));
    return slot_owner(back);
}

/* Returns the first child, else the next sibling, else that of the nearest ancestor with one; 0 at
 * the end. Climbing passes over each list once, from its end. Recursion would be as deep as the
 * tree, which may be a single path. */
static link_t next_in_preorder(link_t link)
{
    if (links_of(block_at(link))->child != 0)
        return links_of(block_at(link))->child;
    while (link != 0 && links_of(block_at(link))->sibling == 0)
        link = parent_of(link);
    return link == 0 ? 0 : links_of(block_at(link))->sibling;
}

/* Counts the blocks in the list that begins in a slot: all above `parent`, and of `size` bytes. */
static size_t check_list(link_t link, slot_t slot, link_t parent, size_t size)
{
    size_t count = 0;

    while (link != 0) {
        struct block_meta *block = follow(link, slot);

        if (block->size != size || block->status != STATUS_FREE || link <= parent)
            report_mistake("a free block is out of place in the index", block + 1);
        count++;
        slot = sibling_slot(link);
        link = links_of(block)->sibling;
    }
    return count;
}

size_t pairing_check(link_t top, size_t size)
{
    size_t count = check_list(top, 0, 0, size);

    for (link_t link = top; link != 0; link = next_in_preorder(link))
        count += check_list(links_of(block_at(link))->child, child_slot(link), link, size);
    return count;
}
