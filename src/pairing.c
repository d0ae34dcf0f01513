/* SPDX-License-Identifier: MIT */
#include "pairing.h"
#include "report.h"

#define UNIT 8

struct links {
    link_t child;
    link_t sibling;
    link_t back; /* if it has no place in the header */
};

#define ROOM (HAS_SPARE ? offsetof(struct links, back) : sizeof(struct links))

static inline struct links *links_of(struct block_meta *block)
{
    return (struct links *)(block + 1);
}

static inline link_t *back_of(struct block_meta *block)
{
    return HAS_SPARE ? spare_of(block) : &links_of(block)->back;
}

static inline size_t distance(const struct block_meta *block)
{
    return ((uintptr_t)block - heap_extent.start) / UNIT + 1;
}

bool pairing_can_hold(const struct block_meta *block)
{
    return distance(block) <= UINT32_MAX && block->size >= ROOM;
}

static inline link_t link_to(const struct block_meta *block)
{
    return (link_t)distance(block);
}

static inline struct block_meta *block_at(link_t link)
{
    return (struct block_meta *)(heap_extent.start + (uintptr_t)(link - 1) * UNIT);
}

_Noreturn static void report_link(const struct block_meta *block)
{
    report_mistake("the links of a free block were written over", block);
}

/* The block that a link leads to, which leads back to `back`. */
static inline struct block_meta *follow(link_t link, link_t back)
{
    struct block_meta *block = block_at(link);

    if (!is_in_heap(block) || block->status != STATUS_FREE || *back_of(block) != back)
        report_link(block);
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

/* Makes one heap of the children of `parent`, NULL if it has none: two by two from the first on,
 * then from the last pair back. */
static struct block_meta *meld_children(struct block_meta *parent)
{
    struct block_meta *pairs = NULL; /* linked by `sibling`, the last one first */
    link_t back = link_to(parent);
    link_t rest = links_of(parent)->child;

    while (rest != 0) {
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
    }
    if (pairs == NULL)
        return NULL;
    for (link_t next = links_of(pairs)->sibling; next != 0;) {
        struct block_meta *pair = follow(next, 0);

        next = links_of(pair)->sibling;
        pairs = meld(pairs, pair);
    }
    return pairs;
}

void pairing_add(link_t *root, struct block_meta *block)
{
    links_of(block)->child = 0;
    if (*root != 0)
        block = meld(follow(*root, 0), block);
    *back_of(block) = 0;
    links_of(block)->sibling = 0;
    *root = link_to(block);
}

void pairing_remove(link_t *root, struct block_meta *block)
{
    link_t self = link_to(block);
    link_t back = *back_of(block);
    link_t sibling = links_of(block)->sibling;
    link_t *forth = root; /* what leads to `block` */

    if (back != 0) {
        struct block_meta *before = block_at(back);

        if (!is_in_heap(before) || before->status != STATUS_FREE)
            report_link(block);
        forth = links_of(before)->child == self ? &links_of(before)->child
                                                : &links_of(before)->sibling;
    }
    if (*forth != self)
        report_link(block);

    /* What was under the block takes its place: it lies above the block, and so above its parent.
     */
    struct block_meta *heir = meld_children(block);

    if (heir == NULL) {
        set_back(sibling, self, back);
        *forth = sibling;
        return;
    }
    set_back(sibling, self, link_to(heir));
    links_of(heir)->sibling = sibling;
    *back_of(heir) = back;
    *forth = link_to(heir);
}

struct block_meta *pairing_lowest(link_t root)
{
    return follow(root, 0);
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
            report_mistake("a free block has a wrong place in the index", block_at(link));
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
