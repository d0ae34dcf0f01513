/* SPDX-License-Identifier: MIT */
/*
 * osmem.c - allocates and frees: the public functions but os_realloc(), which is in resize.c.
 *
 *     osmem.c, resize.c ──▶ heap.c ──▶ free_ring.c, block_list.c     small requests, from sbrk()
 *          │──────────────▶ mapping.c                                  large ones, by mmap()
 *          │──────────────▶ policy.c                                   which of the two
 *          │──────────────▶ lock.c                                     one thread at a time
 *          │──────────────▶ mistakes.c                                 invalid pointers
 *          └──────────────▶ hardened.c                                 all of it, with check:1
 */
#include <string.h>

#include "hardened.h"
#include "osmem.h"
#include "osmem_aligned.h"
#include "quarantine.h"
#include "requests.h"
#include "trim.h"

static OUTLINE void *malloc_slow(size_t size)
{
    struct block_meta *block;
    size_t payload;

    if (size == 0)
        return NULL;
    if (policy_is_hardened())
        return hardened_take(size);
    if (!align_request(size, &payload))
        return NULL;
    if (take_mapped(payload, 1, policy()->mmap_threshold, &block))
        return payload_of(block);
    return payload_of(take_from_heap(payload, policy()->prealloc_malloc));
}

API void *os_malloc(size_t size)
{
    if (is_for_heap(size))
        return payload_of(take_from_heap(aligned(size), policy_in_force.prealloc_malloc));
    return malloc_slow(size);
}

/* Returns a block of `payload` bytes from the heap, and sets `bytes` of them to zero. */
static void *take_zeroed(size_t payload, size_t bytes)
{
    size_t dirty;
    struct block_meta *block = caches_are_used() ? thread_cache_take(payload) : NULL;

    if (block != NULL)
        return memset(block + 1, 0, bytes);

    bool taken = lock_enter();

    block = heap_take_noting_dirty(payload, policy()->prealloc_calloc, &dirty);

    if (block != NULL)
        seal(block);
    lock_leave(taken);
    return block == NULL ? NULL : memset(block + 1, 0, dirty < bytes ? dirty : bytes);
}

API void *os_calloc(size_t nmemb, size_t size)
{
    struct block_meta *block;
    size_t bytes;
    size_t payload;

    if (nmemb == 0 || size == 0)
        return NULL;
    if (__builtin_mul_overflow(nmemb, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    if (policy_is_hardened())
        return hardened_take_zeroed(bytes);
    if (!align_request(bytes, &payload))
        return NULL;
    if (take_mapped(payload, 1, policy()->calloc_threshold, &block))
        return payload_of(block); /* it is zero already */
    return take_zeroed(payload, bytes);
}

void *osmem_aligned(size_t alignment, size_t size)
{
    struct block_meta *block;
    size_t payload;

    if (alignment <= policy()->alignment)
        return os_malloc(size);
    if (policy_is_hardened())
        return hardened_take_aligned(size, alignment);
    if (!align_request(size, &payload))
        return NULL;
    if (take_mapped(payload, alignment, policy()->mmap_threshold, &block))
        return payload_of(block);

    bool taken = lock_enter();

    block = heap_take_aligned(payload, alignment, policy()->prealloc_malloc);

    if (block != NULL)
        seal(block);
    lock_leave(taken);
    return payload_of(block);
}

API int os_malloc_trim(void)
{
    thread_cache_empty();

    bool taken = lock_enter();

    quarantine_release_all();
    heap_settle();

    bool any = trim_all();

    lock_leave(taken);
    return any;
}

static OUTLINE void free_slow(struct block_meta *block)
{
    if (policy_is_hardened()) {
        hardened_release(block);
        return;
    }
    expect_block(block);
    if (block->status == STATUS_MAPPED)
        mapping_release(block);
    else if (block->status == STATUS_ALLOC)
        release_to_heap(block);
}

API void os_free(void *ptr)
{
    if (ptr == NULL)
        return;

    struct block_meta *block = (struct block_meta *)ptr - 1;

    if (is_held(block))
        release_to_heap(block);
    else
        free_slow(block);
}
