/* SPDX-License-Identifier: MIT */
/*
 * osmem.c - the allocator a second time, as plainly as it can be said: one list of blocks, walked
 * from its start every time, whose free neighbours are merged just before they are looked at.
 *
 * It serves two ends. Its traces have to be those of ../../src, which works differently inside; and
 * it can make the mistakes of ../mistakes.toml, each of which the tests have to notice. mistake.h
 * and the environment variable OSMEM_MISTAKES say which; as it is here, all is right.
 */
#include "osmem.h"

#include <string.h>

#include "plain.h"

/* ---- A new block ---------------------------------------------------------------------------- */

void record_size(struct block_meta *block, size_t size)
{
    if (mistake(sizes_stored_unrounded) && block->size == align(size))
        block->size = size;
}

void note_refusal(int error)
{
    errno = error;
    DIE(mistake(refusal_ends_program), "the system refused");
}

static bool fits_into_heap(size_t payload)
{
    coalesce();
    return find_free(payload) != NULL || is_free(last_block());
}

static bool becomes_mapping(size_t size, enum caller caller)
{
    if (!is_large(size, caller))
        return false;
    if (mistake(large_served_from_heap))
        return !fits_into_heap(align(size));
    if (mistake(threshold_without_header_where_free) && size < threshold_of(caller))
        return !fits_into_heap(align(size));
    return true;
}

static struct block_meta *take_small(size_t size, enum caller caller)
{
    struct block_meta *block = take_from_heap(align(size), caller);

    if (block != NULL)
        record_size(block, size);
    return block;
}

struct block_meta *take(size_t size, enum caller caller)
{
    if (overflows(size))
        return NULL;
    if (mistake(errno_cleared))
        errno = 0;
    if (first_mapping_dangles())
        crash();
    if (mistake(preallocate_for_mapping) && !heap_exists() && !preallocate(caller))
        return NULL;
    if (!becomes_mapping(size, caller))
        return take_small(size, caller);
    if (mistake(threshold_gap) && size < threshold_of(caller))
        return NULL;
    return take_mapping(align(size));
}

/* ---- os_malloc and os_calloc ---------------------------------------------------------------- */

void *os_malloc(size_t size)
{
    if (size == 0 && !mistake(malloc_zero_block))
        return NULL;

    struct block_meta *block = take(size, MALLOC);

    return block == NULL ? NULL : payload_of(block);
}

static bool product_overflows(size_t nmemb, size_t size)
{
    if (mistake(calloc_overflow_unchecked))
        return false;
    if (mistake(calloc_overflow_compared))
        return align(nmemb * size) < nmemb || align(nmemb * size) < size;
    return nmemb != 0 && size > SIZE_MAX / nmemb;
}

static void clear(struct block_meta *block, size_t nmemb, size_t size)
{
    if (mistake(calloc_not_cleared))
        return;
    memset(payload_of(block), 0, mistake(calloc_clears_one_element) ? size : nmemb * size);
}

void *os_calloc(size_t nmemb, size_t size)
{
    if ((nmemb == 0 || size == 0) && !mistake(calloc_zero_block))
        return NULL;
    if (product_overflows(nmemb, size)) {
        if (!mistake(errno_not_set))
            errno = ENOMEM;
        return NULL;
    }
    if (mistake(calloc_mapping_uninitialised) && is_large(nmemb * size, CALLOC) &&
        (heap_exists() || mappings_alive() > 0))
        crash();

    struct block_meta *block = take(nmemb * size, CALLOC);

    if (block == NULL) {
        if (mistake(calloc_refusal_crashes))
            crash();
        return NULL;
    }
    clear(block, nmemb, size);
    return payload_of(block);
}

/* ---- os_free -------------------------------------------------------------------------------- */

static void free_again(struct block_meta *block)
{
    if (mistake(free_twice_ends_program))
        abort();
    if (mistake(free_twice))
        unmap(block);
}

/* Gives a block at the heap's end back to the system. */
static void move_break(struct block_meta *block)
{
    size_t bytes = header_size() + block->size;

    take_out(block);
    ask_break(-bytes);
}

static void free_in_heap(struct block_meta *block)
{
    struct block_meta *before = mistake(free_merged_twice) ? block->prev : NULL;

    if (is_free(before)) {
        absorb_next(before);
        return;
    }
    set_free(block);
    merge_freed(block);
    if (mistake(free_moves_break) && block != first_block() && ends_at_break(block))
        move_break(block);
}

void give_back(void *ptr)
{
    if (mistake(free_never) || (ptr == NULL && !mistake(free_null)))
        return;

    struct block_meta *block = block_of(ptr);

    if (mistake(free_unknown_crashes) && block->status != STATUS_MAPPED && !is_listed(block))
        crash();
    if (block->status == STATUS_MAPPED)
        unmap(block);
    else if (block->status == STATUS_FREE)
        free_again(block);
    else
        free_in_heap(block);
}

void os_free(void *ptr)
{
    bool in_heap = ptr != NULL && block_of(ptr)->status == STATUS_ALLOC;

    give_back(ptr);
    if (in_heap)
        trim();
}
