/* SPDX-License-Identifier: MIT */
/*
 * resize.c - os_realloc(): in place where it can, else by a move.
 */
#include <string.h>

#include "hardened.h"
#include "osmem.h"
#include "requests.h"

/* Replaces a mapping with a new block: the specification never resizes it in place. */
static void *move_mapping(struct block_meta *block, size_t size)
{
    void *moved = os_malloc(size);

    if (moved == NULL)
        return NULL;
    memcpy(moved, block + 1, block->size < size ? block->size : size);
    mapping_release(block);
    return moved;
}

static void *resize_mapping(struct block_meta *block, size_t size)
{
    size_t payload;
    int saved_errno = errno;

    if (!policy()->extended || is_for_heap(size))
        return move_mapping(block, size);
    if (!align_request(size, &payload))
        return NULL;

    struct block_meta *resized = mapping_resize(block, payload);

    if (resized != NULL)
        return resized + 1;
    errno = saved_errno; /* the system does not move pages that differ, such as locked ones */
    return move_mapping(block, size);
}

/* Moves a block of the heap to one that is mapped. */
static void *move_to_mapping(struct block_meta *block, struct block_meta *mapping)
{
    if (mapping == NULL)
        return NULL;
    memcpy(mapping + 1, block + 1, block->size < mapping->size ? block->size : mapping->size);
    release_to_heap(block);
    return mapping + 1;
}

/* Whether a block keeps its size: it has room, and the rest is too small for another block. */
static bool stays_as_it_is(const struct block_meta *block, size_t payload)
{
    return payload <= block->size &&
           block->size - payload < sizeof(*block) + policy_in_force.smallest_rest;
}

/* Resizes a block without the heap, in place or to a block from the cache of this thread. Returns
 * NULL, and leaves the block as it is, if it is too large for that. */
static struct block_meta *resize_in_cache(struct block_meta *block, size_t payload)
{
    if (stays_as_it_is(block, payload))
        return block;
    if (!thread_cache_holds_size(block->size))
        return NULL;

    struct block_meta *moved = thread_cache_take(payload);

    if (moved == NULL)
        return NULL;
    memcpy(moved + 1, block + 1, block->size < payload ? block->size : payload);
    release_to_heap(block);
    return moved;
}

static void *resize_in_heap(struct block_meta *block, size_t payload)
{
    struct block_meta *resized = caches_are_used() ? resize_in_cache(block, payload) : NULL;

    if (resized != NULL)
        return resized + 1;

    bool taken = lock_enter();

    resized = heap_resize(block, payload);
    if (resized != NULL)
        seal(resized);
    lock_leave(taken);
    return payload_of(resized);
}

API void *os_realloc(void *ptr, size_t size)
{
    size_t payload;

    if (ptr == NULL)
        return os_malloc(size);
    if (size == 0) {
        os_free(ptr);
        return NULL;
    }

    struct block_meta *block = (struct block_meta *)ptr - 1;

    if (!is_held(block)) {
        if (policy_is_hardened())
            return hardened_resize(block, size);
        expect_block(block);
    }
    if (block->status == STATUS_MAPPED)
        return resize_mapping(block, size);
    if (block->status == STATUS_FREE)
        return NULL;
    if (is_for_heap(size))
        return resize_in_heap(block, aligned(size));
    if (!align_request(size, &payload))
        return NULL;

    struct block_meta *mapping;

    if (take_mapped(payload, 1, policy()->mmap_threshold, &mapping))
        return move_to_mapping(block, mapping);
    return resize_in_heap(block, payload);
}
