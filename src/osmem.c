/* SPDX-License-Identifier: MIT */
/*
 * osmem.c - the four public functions: where a request goes.
 *
 *     osmem.c ──▶ heap.c ──▶ free_blocks.c    small requests, from sbrk()
 *        │──────▶ mapping.c                   large requests, by mmap()
 *        └──────▶ policy.c                    which is which
 */
#include <string.h>

#include "block.h"
#include "heap.h"
#include "mapping.h"
#include "osmem.h"
#include "policy.h"

#define API __attribute__((visibility("default")))

/* Rounds a request up to the alignment; false with ENOMEM if that, or its total, overflows. */
static bool align_request(size_t size, size_t *payload)
{
    size_t mask = policy()->alignment - 1;
    size_t total;

    if (__builtin_add_overflow(size, mask, payload) ||
        __builtin_add_overflow(*payload &= ~mask, sizeof(struct block_meta), &total)) {
        errno = ENOMEM;
        return false;
    }
    return true;
}

static bool is_large(size_t payload, size_t threshold)
{
    return payload + sizeof(struct block_meta) >= threshold;
}

/* A block for `size` bytes from the heap or, from `threshold` on, a mapping; NULL with ENOMEM. */
static struct block_meta *allocate(size_t size, size_t threshold, size_t prealloc)
{
    size_t payload;

    if (!align_request(size, &payload))
        return NULL;
    return is_large(payload, threshold) ? mapping_take(payload) : heap_take(payload, prealloc);
}

static struct block_meta *block_of(void *ptr)
{
    return (struct block_meta *)ptr - 1;
}

/* The one way out of the library. */
static void *hand_out(struct block_meta *block)
{
    if (block == NULL)
        return NULL;
    seal(block);
    return block + 1;
}

API void *os_malloc(size_t size)
{
    if (size == 0)
        return NULL;
    return hand_out(allocate(size, policy()->mmap_threshold, policy()->prealloc_malloc));
}

API void *os_calloc(size_t nmemb, size_t size)
{
    size_t bytes;

    if (nmemb == 0 || size == 0)
        return NULL;
    if (__builtin_mul_overflow(nmemb, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }

    struct block_meta *block =
        allocate(bytes, policy()->calloc_threshold, policy()->prealloc_calloc);

    if (block != NULL && block->status == STATUS_ALLOC)
        memset(block + 1, 0, bytes); /* a mapping comes cleared */
    return hand_out(block);
}

API void os_free(void *ptr)
{
    if (ptr == NULL)
        return;

    struct block_meta *block = block_of(ptr);

    if (block->status == STATUS_MAPPED)
        mapping_release(block);
    else if (block->status == STATUS_ALLOC)
        heap_release(block);
}

/* A mapping never changes its size: a new block takes its place. */
static void *move_mapping(struct block_meta *block, size_t size)
{
    void *moved = os_malloc(size);

    if (moved == NULL)
        return NULL;
    memcpy(moved, block + 1, block->size < size ? block->size : size);
    mapping_release(block);
    return moved;
}

/* A block of the heap that has grown too large for it. */
static void *move_to_mapping(struct block_meta *block, size_t payload)
{
    struct block_meta *moved = mapping_take(payload);

    if (moved == NULL)
        return NULL;
    memcpy(moved + 1, block + 1, block->size < payload ? block->size : payload);
    heap_release(block);
    return hand_out(moved);
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

    struct block_meta *block = block_of(ptr);

    if (block->status == STATUS_MAPPED)
        return move_mapping(block, size);
    if (block->status == STATUS_FREE || !align_request(size, &payload))
        return NULL;
    if (is_large(payload, policy()->mmap_threshold))
        return move_to_mapping(block, payload);
    return hand_out(heap_resize(block, payload));
}
