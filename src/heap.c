/* SPDX-License-Identifier: MIT */
/*
 * The heap is a list of blocks in address order. A free block is merged with its free neighbours at
 * once, so two adjacent blocks are never both free; "adjacent" means that no byte lies between
 * them, which is not so where someone else (libc's own malloc, say) has moved the break.
 */
#include <string.h>
#include <unistd.h>

#include "block.h"
#include "free_blocks.h"
#include "heap.h"
#include "policy.h"
#include "report.h"

struct extent heap_extent;

static struct block_meta *first;
static struct block_meta *last;

/* How far `address` is below the next multiple of the alignment. */
static size_t padding_at(const void *address)
{
    return -(uintptr_t)address & (policy()->alignment - 1);
}

/* ---- Neighbours ----------------------------------------------------------------------------- */

/* A neighbour has to point back: what is written over leads nowhere. */
static inline struct block_meta *next_of(const struct block_meta *block)
{
    struct block_meta *next = block->next;

    if (next == NULL ? block != last : !is_in_heap(next) || next->prev != block)
        report_mistake("the header of a block, or of the one behind it, was written over",
                       block + 1);
    return next;
}

static inline struct block_meta *prev_of(const struct block_meta *block)
{
    struct block_meta *prev = block->prev;

    if (prev == NULL ? block != first : !is_in_heap(prev) || prev->next != block)
        report_mistake("the header of a block, or of the one before it, was written over",
                       block + 1);
    return prev;
}

/* The free block that begins where `block` ends, or NULL. */
static struct block_meta *free_block_behind(const struct block_meta *block)
{
    struct block_meta *next = next_of(block);

    return next != NULL && next->status == STATUS_FREE && (char *)next == end_of(block) ? next
                                                                                        : NULL;
}

/* The free block that ends where `block` begins, or NULL. */
static struct block_meta *free_block_before(const struct block_meta *block)
{
    struct block_meta *prev = prev_of(block);

    return prev != NULL && prev->status == STATUS_FREE && end_of(prev) == (char *)block ? prev
                                                                                        : NULL;
}

/* ---- Splitting and merging ------------------------------------------------------------------ */

static void link_after(struct block_meta *block, struct block_meta *prev)
{
    struct block_meta *next = prev == NULL ? NULL : next_of(prev);

    block->prev = prev;
    block->next = next;
    if (prev == NULL)
        first = block;
    else
        prev->next = block;
    if (next == NULL)
        last = block;
    else
        next->prev = block;
}

/* Takes the block behind `block` into it. The header swallowed keeps its STATUS_FREE: a second
 * os_free() of the block it led still finds it free. */
static void merge(struct block_meta *block, const struct block_meta *behind)
{
    struct block_meta *next = next_of(behind);

    block->size += sizeof(*behind) + behind->size;
    block->next = next;
    if (next == NULL)
        last = block;
    else
        next->prev = block;
}

void heap_release(struct block_meta *block)
{
    struct block_meta *behind = free_block_behind(block);
    struct block_meta *before = free_block_before(block);

    block->status = STATUS_FREE;
    if (behind != NULL) {
        free_blocks_remove(behind);
        merge(block, behind);
    }
    if (before != NULL) {
        free_blocks_remove(before);
        merge(before, block);
        block = before;
    }
    free_blocks_add(block);
}

/* Cuts `block` down to `payload` bytes if what is over can be a block. That one is returned, linked
 * but not yet among the free ones; NULL if there is none. */
static struct block_meta *cut(struct block_meta *block, size_t payload)
{
    size_t rest = block->size - payload;

    if (rest < sizeof(*block) + policy()->alignment)
        return NULL;
    block->size = payload;

    struct block_meta *remainder = (struct block_meta *)end_of(block);

    remainder->size = rest - sizeof(*remainder);
    remainder->status = STATUS_FREE;
    link_after(remainder, block);
    return remainder;
}

static void split(struct block_meta *block, size_t payload)
{
    struct block_meta *remainder = cut(block, payload);

    if (remainder != NULL)
        heap_release(remainder);
}

/* The same for a block that has no free neighbour: what is over has nothing to be merged with. */
static void split_alone(struct block_meta *block, size_t payload)
{
    struct block_meta *remainder = cut(block, payload);

    if (remainder != NULL)
        free_blocks_add(remainder);
}

/* ---- Growing -------------------------------------------------------------------------------- */

/* Asks the system for `increment` bytes; NULL if it refuses. */
static char *grow_break(size_t increment)
{
    void *start = increment <= INTPTR_MAX ? sbrk((intptr_t)increment) : (void *)-1;

    if (start == (void *)-1) {
        errno = ENOMEM;
        return NULL;
    }
    return start;
}

/* Whether growth would follow the last block. sbrk(0) only looks: it is not a request. */
static bool last_ends_at_break(void)
{
    return last != NULL && end_of(last) == (char *)sbrk(0);
}

static void update_extent(void)
{
    heap_extent.start = (uintptr_t)first;
    heap_extent.end = (uintptr_t)end_of(last);
    heap_extent.places = (heap_extent.end - heap_extent.start - sizeof(*last)) / ALIGNMENT;
}

/* A new block behind all others. */
static void link_last(struct block_meta *block)
{
    link_after(block, last);
    update_extent();
}

/* Makes one free block at the heap's end of `bytes` bytes at `start`, as far as they can hold one.
 */
static void adopt(char *start, size_t bytes)
{
    size_t padding = padding_at(start);
    size_t usable = bytes < padding ? 0 : (bytes - padding) & ~(policy()->alignment - 1);

    if (usable < sizeof(struct block_meta) + policy()->alignment)
        return;

    struct block_meta *block = (struct block_meta *)(start + padding);

    block->size = usable - sizeof(*block);
    block->status = STATUS_FREE;
    link_last(block);
    heap_release(block);
}

enum extension {
    EXTENDED,
    REFUSED,
    ELSEWHERE, /* someone else moved the break just now: the bytes are a block of their own */
};

/* Moves the break up by what the last block, which is not among the free ones, lacks to hold
 * `payload` bytes. */
static enum extension extend_last(size_t payload)
{
    char *end = end_of(last);
    size_t lack = payload - last->size;
    char *start = grow_break(lack);

    if (start == NULL)
        return REFUSED;
    if (start != end) {
        adopt(start, lack);
        return ELSEWHERE;
    }
    last->size = payload;
    update_extent();
    return EXTENDED;
}

/* A block of `payload` bytes behind all others. */
static struct block_meta *append(size_t payload)
{
    char *expected = sbrk(0);
    size_t increment = padding_at(expected) + sizeof(struct block_meta) + payload;
    char *start = grow_break(increment);

    if (start == NULL)
        return NULL;
    if (start != expected) {
        adopt(start, increment);
        return heap_take(payload, 0);
    }

    struct block_meta *block = (struct block_meta *)(start + padding_at(start));

    block->size = payload;
    block->status = STATUS_ALLOC;
    link_last(block);
    return block;
}

/* A block of `payload` bytes for which the heap has no room yet. */
static struct block_meta *grow(size_t payload)
{
    struct block_meta *block = last;

    if (!last_ends_at_break() || block->status != STATUS_FREE)
        return append(payload);

    free_blocks_remove(block);
    enum extension extension = extend_last(payload);

    if (extension == EXTENDED) {
        block->status = STATUS_ALLOC;
        return block;
    }
    free_blocks_add(block);
    return extension == ELSEWHERE ? heap_take(payload, 0) : NULL;
}

/* ---- Requests ------------------------------------------------------------------------------- */

struct block_meta *heap_take(size_t payload, size_t prealloc)
{
    if (first == NULL && prealloc > 0) {
        char *start = grow_break(prealloc);

        if (start == NULL)
            return NULL;
        adopt(start, prealloc);
    }

    struct block_meta *block = free_blocks_take(payload);

    if (block == NULL)
        return grow(payload);
    block->status = STATUS_ALLOC;
    split_alone(block, payload);
    return block;
}

struct block_meta *heap_take_aligned(size_t payload, size_t alignment, size_t prealloc)
{
    size_t least = sizeof(struct block_meta) + policy()->alignment; /* a block in front of it */
    size_t enough;

    if (__builtin_add_overflow(payload, alignment + least, &enough) || enough > INTPTR_MAX / 2) {
        errno = ENOMEM;
        return NULL;
    }

    struct block_meta *block = heap_take(enough, prealloc);

    if (block == NULL)
        return NULL;

    size_t lead = -(uintptr_t)(block + 1) & (alignment - 1);

    if (lead != 0) {
        struct block_meta *front = block;

        while (lead < least)
            lead += alignment;
        block = (struct block_meta *)((char *)front + lead);
        block->size = front->size - lead;
        block->status = STATUS_ALLOC;
        front->size = lead - sizeof(*front);
        link_after(block, front);
        heap_release(front);
    }
    split(block, payload);
    return block;
}

/* The contents of `block` in a new block. What `block` took in of its neighbours goes free again if
 * there is no room for one. */
static struct block_meta *move(struct block_meta *block, size_t payload, size_t contents)
{
    struct block_meta *moved = heap_take(payload, 0);

    if (moved == NULL) {
        split(block, contents);
        return NULL;
    }
    memcpy(moved + 1, block + 1, contents);
    heap_release(block);
    return moved;
}

struct block_meta *heap_resize(struct block_meta *block, size_t payload)
{
    size_t contents = block->size;

    if (payload > contents && block == last && last_ends_at_break()) {
        enum extension extension = extend_last(payload);

        if (extension != ELSEWHERE)
            return extension == EXTENDED ? block : NULL;
    }

    struct block_meta *behind = free_block_behind(block);

    if (payload > contents && behind != NULL) {
        free_blocks_remove(behind);
        merge(block, behind);
    }
    if (payload > block->size)
        return move(block, payload, contents);
    split(block, payload);
    return block;
}

/* ---- For those who only look ---------------------------------------------------------------- */

void heap_check_neighbours(const struct block_meta *block)
{
    prev_of(block);
    next_of(block);
}

struct block_meta *heap_first(void)
{
    return first;
}

struct block_meta *heap_last(void)
{
    return last;
}
