/* SPDX-License-Identifier: MIT */
#include "growth.h"
#include "block_list.h"
#include "break.h"
#include "coalesce.h"
#include "page.h"
#include "policy.h"

#define STEP ((size_t)64 << 10) /* bytes */

/* Returns the distance from `address` up to the next multiple of the alignment. */
static size_t padding_at(const void *address)
{
    return -(uintptr_t)address & (policy_in_force.alignment - 1);
}

char *growth_untouched;

/* Asks the system for `increment` bytes. Returns NULL with ENOMEM if it refuses. */
static char *grow_break(size_t increment)
{
    char *start = break_raise(increment);

    if (start != NULL)
        growth_untouched = page_ceiling(start);
    return start;
}

bool growth_is_possible_in_place(void)
{
    return block_list.last != NULL && end_of(block_list.last) == break_now();
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
    coalesce(block);
    growth_untouched = NULL; /* the index has written to it */
}

/* Asks for `missing` bytes at the end of the last block. */
static enum growth grow_behind_last(size_t missing)
{
    char *end = end_of(block_list.last);
    char *start = grow_break(missing);

    if (start == NULL)
        return REFUSED;
    if (start != end) {
        adopt(start, missing);
        return ELSEWHERE;
    }
    return GROWN;
}

static void resize_last(size_t payload)
{
    block_list_extend_last(payload);
    free_blocks_update_bin_limit();
}

enum growth growth_extend_last(size_t payload)
{
    enum growth growth = grow_behind_last(payload - block_list.last->size);

    if (growth == GROWN)
        resize_last(payload);
    return growth;
}

/* Appends a block of `payload` bytes. */
static enum growth append(size_t payload)
{
    char *expected = break_now();
    size_t increment = padding_at(expected) + sizeof(struct block_meta) + payload;
    char *start = grow_break(increment);

    if (start == NULL)
        return REFUSED;
    if (start != expected) {
        adopt(start, increment);
        return ELSEWHERE;
    }

    struct block_meta *block = (struct block_meta *)(start + padding_at(start));

    block->size = payload;
    append_block(block);
    return GROWN;
}

static enum growth extend_free_last(size_t payload)
{
    struct block_meta *block = block_list.last;
    enum growth growth = grow_behind_last(payload - block->size);

    if (growth == GROWN) {
        free_blocks_remove(block);
        resize_last(payload);
    }
    return growth;
}

/* Grows the heap by more than a small request needs, as a call of the system costs as much as ten
 * of the heap. The specification asks for exact growth. */
static bool grow_ahead(size_t payload)
{
    if (!policy_in_force.extended || payload > STEP / 2)
        return false;

    int saved_errno = errno;
    char *start = grow_break(STEP);

    if (start != NULL)
        adopt(start, STEP);
    errno = saved_errno; /* exact growth may still succeed */
    return start != NULL;
}

enum growth growth_add(size_t payload, size_t prealloc)
{
    if (block_list.first == NULL && prealloc > 0) {
        int saved_errno = errno;
        char *start = grow_break(prealloc);

        if (start != NULL) {
            adopt(start, prealloc);
            return ELSEWHERE;
        }
        if (!policy_in_force.extended)
            return REFUSED;
        errno = saved_errno; /* there may be enough for the request alone */
    }
    if (grow_ahead(payload))
        return ELSEWHERE;
    if (growth_is_possible_in_place() && block_list.last->status == STATUS_FREE)
        return extend_free_last(payload);
    return append(payload);
}

bool growth_return_end(size_t least)
{
    struct block_meta *block = block_list.last;

    if (block == NULL || block->status != STATUS_FREE || sizeof(*block) + block->size < least ||
        !growth_is_possible_in_place())
        return false;

    size_t total = sizeof(*block) + block->size;

    free_blocks_remove(block);
    block_list_remove_last();
    if (!break_lower(total)) {
        block_list_append(block);
        free_blocks_put_back(block);
        return false;
    }
    free_blocks_update_bin_limit();
    return true;
}
