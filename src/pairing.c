/* SPDX-License-Identifier: MIT */
#include "pairing.h"

/* Makes one heap of the children of `parent`: two by two from the first on, then from the last pair
 * back. */
static struct block_meta *meld_children(struct block_meta *parent)
{
    struct block_meta *pairs = NULL; /* linked by `sibling`, the last one first */
    link_t back = link_to(parent);
    link_t rest = links_of(parent)->child;

    do {
        struct block_meta *pair = follow(rest, back);
        link_t second = links_of(pair)->sibling;

        if (second == 0) {
            rest = 0;
        } else {
            struct block_meta *other = follow(second, rest);

            back = second;
            rest = links_of(other)->sibling;
            pair = meld(pair, other);
        }
        links_of(pair)->sibling = pairs == NULL ? 0 : link_to(pairs);
        *back_of(pair) = 0;
        pairs = pair;
    } while (rest != 0);
    for (link_t next = links_of(pairs)->sibling; next != 0;) {
        struct block_meta *pair = follow(next, 0);

        next = links_of(pair)->sibling;
        pairs = meld(pairs, pair);
    }
    return pairs;
}

void pairing_remove_parent(link_t *root, struct block_meta *block)
{
    link_t *slot = slot_of(root, block);
    link_t sibling = links_of(block)->sibling;
    link_t back = *back_of(block);

    /* What was under the block takes its place: it lies above the block, and so above its parent.
     */
    struct block_meta *heir = meld_children(block);

    set_back(sibling, link_to(block), link_to(heir));
    links_of(heir)->sibling = sibling;
    *back_of(heir) = back;
    *slot = link_to(heir);
}

static link_t parent_of(link_t link)
{
    struct block_meta *block = block_at(link);
    link_t back = *back_of(block);

    while (back != 0 && links_of(block_at(back))->child != link) {
        link = back;
        back = *back_of(block_at(link));
    }
    return back;
}

/* Down, else to the right, else up and to the right: a recursion could go as deep as there are
 * blocks. */
size_t pairing_check(link_t root, size_t size)
{
    size_t count = 0;
    link_t parent = 0;
    link_t back = 0;

    for (link_t link = root; link != 0;) {
        struct links *links = links_of(follow(link, back));

        count++;
        if (block_at(link)->size != size || link <= parent)
            report_mistake("a free block has a wrong place in the index", block_at(link) + 1);
        if (links->child != 0) {
            parent = back = link;
            link = links->child;
            continue;
        }
        while (links_of(block_at(link))->sibling == 0 && parent != 0) {
            link = parent;
            parent = parent_of(link);
        }
        back = link;
        link = links_of(block_at(link))->sibling;
    }
    return count;
}
