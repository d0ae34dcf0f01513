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
    return -(uintptr_t)address & (policy_in_force.alignment - 1);
}

/* ---- Neighbours ----------------------------------------------------------------------------- */

/* A neighbour has to point back: what is written over leads nowhere. */
static OUTLINE void check_next(const struct block_meta *block)
{
    const struct block_meta *next = block->next;
    bool is_sound = next == NULL ? block == last && (uintptr_t)end_of(block) == heap_extent.end
                                 : is_in_heap(next) && next > block && next->prev == block &&
                                       block->size <= (uintptr_t)next - (uintptr_t)(block + 1);

    if (!is_sound)
        report_mistake("the header of a block, or of the one behind it, was written over",
                       block + 1);
}

static OUTLINE void check_prev(const struct block_meta *block)
{
    const struct block_meta *prev = block->prev;

    if (prev == NULL ? block != first : !is_in_heap(prev) || prev->next != block)
        report_mistake("the header of a block, or of the one before it, was written over",
                       block + 1);
}

/* Whether the next block begins where `block` ends, and points back. So it is but for gaps and the
 * heap's ends, and needs no other check: its address was computed, not only read. */
static inline bool has_adjacent_next(const struct block_meta *block)
{
    return (char *)block->next == end_of(block) && block->next->prev == block;
}

static inline bool has_adjacent_prev(const struct block_meta *block)
{
    return is_in_heap(block->prev) && block->prev->next == block &&
           end_of(block->prev) == (char *)block;
}

static inline struct block_meta *next_of(const struct block_meta *block)
{
    if (UNLIKELY(!has_adjacent_next(block)))
        check_next(block);
    return block->next;
}

/* The free block that begins where `block` ends, or NULL. */
static inline struct block_meta *free_block_behind(const struct block_meta *block)
{
    if (UNLIKELY(!has_adjacent_next(block))) {
        check_next(block);
        return NULL;
    }
    return block->next->status == STATUS_FREE ? block->next : NULL;
}

/* The free block that ends where `block` begins, or NULL. */
static inline struct block_meta *free_block_before(const struct block_meta *block)
{
    if (UNLIKELY(!has_adjacent_prev(block))) {
        check_prev(block);
        return NULL;
    }
    return block->prev->status == STATUS_FREE ? block->prev : NULL;
}

/* ---- Splitting and merging ------------------------------------------------------------------ */

/* Makes `block` the one before `next`, or the last one if that is NULL. */
static inline void set_prev(struct block_meta *next, struct block_meta *block)
{
    if (UNLIKELY(next == NULL))
        last = block;
    else
        next->prev = block;
}

static inline void link_between(struct block_meta *prev, struct block_meta *block,
                                struct block_meta *next)
{
    block->prev = prev;
    block->next = next;
    prev->next = block;
    set_prev(next, block);
}

/* Takes the blocks behind `begin` up to `end` into it. The headers swallowed keep their
 * STATUS_FREE: a second os_free() of the blocks they led still finds them free. */
static inline void merge(struct block_meta *begin, const struct block_meta *end)
{
    struct block_meta *next = next_of(end);

    begin->size = (size_t)(end_of(end) - (char *)(begin + 1));
    begin->next = next;
    set_prev(next, begin);
}

void heap_release(struct block_meta *block)
{
    struct block_meta *behind = free_block_behind(block);
    struct block_meta *before = free_block_before(block);
    struct block_meta *begin = block;
    const struct block_meta *end = block;

    block->status = STATUS_FREE;
    if (behind != NULL) {
        free_blocks_remove(behind);
        end = behind;
    }
    if (before != NULL) {
        free_blocks_remove(before);
        begin = before;
    }
    if (begin != end)
        merge(begin, end);
    free_blocks_add(begin);
}

/* Cuts `block` of `size` bytes down to `payload` bytes if what is over can be a block. That one is
 * returned, linked but not yet among the free ones; NULL if there is none. */
static inline struct block_meta *cut(struct block_meta *block, size_t size, size_t payload)
{
    size_t rest = size - payload;

    if (rest < sizeof(*block) + policy_in_force.alignment)
        return NULL;

    struct block_meta *next = next_of(block);
    struct block_meta *remainder = (struct block_meta *)((char *)(block + 1) + payload);

    remainder->size = rest - sizeof(*remainder);
    remainder->status = STATUS_FREE;
    link_between(block, remainder, next);
    block->size = payload;
    return remainder;
}

static void split(struct block_meta *block, size_t payload)
{
    struct block_meta *remainder = cut(block, block->size, payload);

    if (remainder != NULL)
        heap_release(remainder);
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
    heap_extent.places = (heap_extent.end - heap_extent.start - sizeof(*last)) / LINK_UNIT;
    heap_extent.origin = heap_extent.start - LINK_UNIT;
    free_blocks_update_reach();
}

/* A new block behind all others. */
static void link_last(struct block_meta *block)
{
    block->prev = last;
    block->next = NULL;
    if (last == NULL)
        first = block;
    else
        last->next = block;
    last = block;
    update_extent();
}

/* Makes one free block at the heap's end of `bytes` bytes at `start`, as far as they can hold one.
 */
static void adopt(char *start, size_t bytes)
{
    size_t padding = padding_at(start);
    size_t usable = bytes < padding ? 0 : (bytes - padding) & ~(policy_in_force.alignment - 1);

    if (usable < sizeof(struct block_meta) + policy_in_force.alignment)
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
static OUTLINE struct block_meta *grow(size_t payload, size_t prealloc)
{
    struct block_meta *block = last;

    if (first == NULL && prealloc > 0) {
        char *start = grow_break(prealloc);

        if (start == NULL)
            return NULL;
        adopt(start, prealloc);
        return heap_take(payload, 0);
    }
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
    size_t size;
    struct block_meta *block = free_blocks_take(payload, &size);

    if (UNLIKELY(block == NULL))
        return grow(payload, prealloc);

    struct block_meta *remainder = cut(block, size, payload);

    block->status = STATUS_ALLOC;
    if (remainder != NULL)
        free_blocks_add(remainder); /* it has no free neighbour, as the block had none */
    return block;
}

struct block_meta *heap_take_aligned(size_t payload, size_t alignment, size_t prealloc)
{
    size_t least =
        sizeof(struct block_meta) + policy_in_force.alignment; /* a block in front of it */
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
        link_between(front, block, next_of(front));
        front->size = lead - sizeof(*front);
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
    check_prev(block);
    check_next(block);
}

struct block_meta *heap_first(void)
{
    return first;
}

struct block_meta *heap_last(void)
{
    return last;
}
