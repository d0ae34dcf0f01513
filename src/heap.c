/* SPDX-License-Identifier: MIT */
/*
 * heap.c - takes, releases and resizes blocks; splits, merges and grows.
 *
 * A block that becomes free is merged with its free neighbours at once. Two adjacent blocks are
 * therefore never both free.
 */
#include <string.h>
#include <unistd.h>

#include "block_list.h"
#include "free_blocks.h"
#include "heap.h"
#include "policy.h"

/* Returns the distance from `address` up to the next multiple of the alignment. */
static size_t padding_at(const void *address)
{
    return -(uintptr_t)address & (policy_in_force.alignment - 1);
}

/* ---- Splitting and merging ------------------------------------------------------------------ */

void heap_release(struct block_meta *block)
{
    struct block_meta *next = next_free_neighbour(block);
    struct block_meta *previous = previous_free_neighbour(block);
    struct block_meta *begin = block;
    const struct block_meta *end = block;

    block->status = STATUS_FREE;
    if (next != NULL) {
        free_blocks_remove(next);
        end = next;
    }
    if (previous != NULL) {
        free_blocks_remove(previous);
        begin = previous;
    }
    if (begin != end)
        block_list_merge(begin, end);
    free_blocks_add(begin);
}

/* Cuts `block`, which has `size` bytes, down to `payload` bytes if the rest can hold a block.
 * Returns the rest, linked but not yet added to the free blocks; NULL if it was too small. */
static inline struct block_meta *cut(struct block_meta *block, size_t size, size_t payload)
{
    size_t rest = size - payload;

    if (rest < sizeof(*block) + policy_in_force.alignment)
        return NULL;

    struct block_meta *next = next_block(block);
    struct block_meta *remainder = (struct block_meta *)((char *)(block + 1) + payload);

    remainder->size = rest - sizeof(*remainder);
    remainder->status = STATUS_FREE;
    block_list_insert(block, remainder, next);
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

/* Asks the system for `increment` bytes. Returns NULL if it refuses. */
static char *grow_break(size_t increment)
{
    void *start = increment <= INTPTR_MAX ? sbrk((intptr_t)increment) : (void *)-1;

    if (start == (void *)-1) {
        errno = ENOMEM;
        return NULL;
    }
    return start;
}

/* Whether growth would extend the last block. sbrk(0) only reads the break: it is not a request. */
static bool last_ends_at_break(void)
{
    return block_list.last != NULL && end_of(block_list.last) == (char *)sbrk(0);
}

static void append_block(struct block_meta *block)
{
    block_list_append(block);
    free_blocks_update_bin_limit();
}

/* Appends the `bytes` bytes at `start` to the heap as a free block, if they can hold one. */
static void adopt(char *start, size_t bytes)
{
    size_t padding = padding_at(start);
    size_t usable = bytes < padding ? 0 : (bytes - padding) & ~(policy_in_force.alignment - 1);

    if (usable < sizeof(struct block_meta) + policy_in_force.alignment)
        return;

    struct block_meta *block = (struct block_meta *)(start + padding);

    block->size = usable - sizeof(*block);
    block->status = STATUS_FREE;
    append_block(block);
    heap_release(block);
}

enum extension {
    EXTENDED,
    REFUSED,
    ELSEWHERE, /* other code has just moved the break: the new bytes became a separate block */
};

/* Grows the last block to `payload` bytes by moving the break. The block must not be among the free
 * blocks. */
static enum extension extend_last(size_t payload)
{
    char *end = end_of(block_list.last);
    size_t missing = payload - block_list.last->size;
    char *start = grow_break(missing);

    if (start == NULL)
        return REFUSED;
    if (start != end) {
        adopt(start, missing);
        return ELSEWHERE;
    }
    block_list_extend_last(payload);
    free_blocks_update_bin_limit();
    return EXTENDED;
}

/* Grows the heap by a block of `payload` bytes. */
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
    append_block(block);
    return block;
}

/* Returns a block of `payload` bytes if no free block is large enough. */
static OUTLINE struct block_meta *grow(size_t payload, size_t prealloc)
{
    struct block_meta *block = block_list.last;

    if (block_list.first == NULL && prealloc > 0) {
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
        free_blocks_add(remainder); /* it has no free neighbour, as `block` had none */
    return block;
}

struct block_meta *heap_take_aligned(size_t payload, size_t alignment, size_t prealloc)
{
    size_t smallest =
        sizeof(struct block_meta) + policy_in_force.alignment; /* total of the block in front */
    size_t enough;

    if (__builtin_add_overflow(payload, alignment + smallest, &enough) || enough > INTPTR_MAX / 2) {
        errno = ENOMEM;
        return NULL;
    }

    struct block_meta *block = heap_take(enough, prealloc);

    if (block == NULL)
        return NULL;

    size_t lead = -(uintptr_t)(block + 1) & (alignment - 1);

    if (lead != 0) {
        struct block_meta *front = block;

        while (lead < smallest)
            lead += alignment;
        block = (struct block_meta *)((char *)front + lead);
        block->size = front->size - lead;
        block->status = STATUS_ALLOC;
        block_list_insert(front, block, next_block(front));
        front->size = lead - sizeof(*front);
        heap_release(front);
    }
    split(block, payload);
    return block;
}

/* Moves the contents of `block` to a new block. If there is none, gives back what `block` has taken
 * in from its neighbour. */
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

    if (payload > contents && block == block_list.last && last_ends_at_break()) {
        enum extension extension = extend_last(payload);

        if (extension != ELSEWHERE)
            return extension == EXTENDED ? block : NULL;
    }

    struct block_meta *next = next_free_neighbour(block);

    if (payload > contents && next != NULL) {
        free_blocks_remove(next);
        block_list_merge(block, next);
    }
    if (payload > block->size)
        return move(block, payload, contents);
    split(block, payload);
    return block;
}
