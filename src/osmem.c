/* SPDX-License-Identifier: MIT */
/*
 * osmem.c - the public functions, which decide where a request goes.
 *
 *     osmem.c ──▶ heap.c ──▶ free_blocks.c, block_list.c     small requests, from sbrk()
 *        │──────▶ mapping.c                                  large ones, by mmap()
 *        │──────▶ policy.c                                   which of the two
 *        │──────▶ lock.c                                     one thread at a time
 *        └──────▶ mistakes.c                                 invalid pointers
 *
 * The lock is held only around the heap. The header and payload of a live block, and a mapping,
 * belong to the thread that passes them in.
 */
#include <string.h>

#include "block.h"
#include "heap.h"
#include "lock.h"
#include "mapping.h"
#include "mistakes.h"
#include "osmem.h"
#include "osmem_aligned.h"
#include "policy.h"

/* Rounds a request up to the alignment. Returns false with ENOMEM if it or its total overflows. */
static inline bool align_request(size_t size, size_t *payload)
{
    size_t mask = policy()->alignment - 1;

    if (size > SIZE_MAX - mask - sizeof(struct block_meta)) {
        errno = ENOMEM;
        return false;
    }
    *payload = (size + mask) & ~mask;
    return true;
}

static inline bool is_large(size_t payload, size_t threshold)
{
    return payload + sizeof(struct block_meta) >= threshold;
}

/* Whether os_malloc and os_realloc take a request of `size` bytes to the heap. Also false while the
 * policy is not known. */
static inline bool is_for_heap(size_t size)
{
    return LIKELY(size - 1 < __atomic_load_n(&policy_heap_limit, __ATOMIC_ACQUIRE));
}

/* Rounds up a request for which is_for_heap() holds. */
static inline size_t aligned(size_t size)
{
    return (size + policy_in_force.alignment - 1) & -policy_in_force.alignment;
}

static inline struct block_meta *take_and_seal(size_t payload, size_t prealloc)
{
    struct block_meta *block = heap_take(payload, prealloc);

    if (block != NULL)
        seal(block);
    return block;
}

static OUTLINE struct block_meta *take_locked(size_t payload, size_t prealloc)
{
    bool taken = lock_enter();
    struct block_meta *block = take_and_seal(payload, prealloc);

    lock_leave(taken);
    return block;
}

static inline struct block_meta *take_from_heap(size_t payload, size_t prealloc)
{
    return lock_is_needed() ? take_locked(payload, prealloc) : take_and_seal(payload, prealloc);
}

static OUTLINE void release_locked(struct block_meta *block)
{
    bool taken = lock_enter();

    heap_release(block);
    lock_leave(taken);
}

static inline void release_to_heap(struct block_meta *block)
{
    if (lock_is_needed())
        release_locked(block);
    else
        heap_release(block);
}

/* Returns a block for `size` bytes, mapped if its total reaches `threshold`; NULL with ENOMEM. */
static OUTLINE struct block_meta *allocate(size_t size, size_t threshold, size_t prealloc)
{
    size_t payload;

    if (!align_request(size, &payload))
        return NULL;
    return is_large(payload, threshold) ? mapping_take(payload) : take_from_heap(payload, prealloc);
}

/* Whether a quick look proves that the caller holds `block`, in the heap. True in most calls. */
static inline bool is_held(struct block_meta *block)
{
    return LIKELY(!policy_in_force.check && block->status == STATUS_ALLOC && is_sealed(block));
}

/* Takes a closer look at a block that fails is_held(): ends the program unless the caller holds it.
 * A free block passes, too, unless the policy asks for checks. */
static void expect_block(struct block_meta *block)
{
    if (policy()->check)
        check_pointer(block);
    else if (block->status != STATUS_FREE && !is_live(block))
        report_pointer(block);
}

static inline void *payload_of(struct block_meta *block)
{
    return block == NULL ? NULL : block + 1;
}

static OUTLINE void *malloc_slow(size_t size)
{
    if (size == 0)
        return NULL;
    return payload_of(allocate(size, policy()->mmap_threshold, policy()->prealloc_malloc));
}

API void *os_malloc(size_t size)
{
    if (is_for_heap(size))
        return payload_of(take_from_heap(aligned(size), policy_in_force.prealloc_malloc));
    return malloc_slow(size);
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
        memset(block + 1, 0, bytes); /* a mapping is zero already */
    return payload_of(block);
}

/* Serves large requests from the heap as well: the payload of a mapping always follows a header at
 * the start of a page, so its alignment is fixed. */
void *osmem_aligned(size_t alignment, size_t size)
{
    size_t payload;

    if (alignment <= policy()->alignment)
        return os_malloc(size);
    if (!align_request(size, &payload))
        return NULL;

    bool taken = lock_enter();
    struct block_meta *block = heap_take_aligned(payload, alignment, policy()->prealloc_malloc);

    if (block != NULL)
        seal(block);
    lock_leave(taken);
    return payload_of(block);
}

static OUTLINE void free_slow(struct block_meta *block)
{
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

/* Replaces a mapping with a new block: it is never resized in place. */
static void *move_mapping(struct block_meta *block, size_t size)
{
    void *moved = os_malloc(size);

    if (moved == NULL)
        return NULL;
    memcpy(moved, block + 1, block->size < size ? block->size : size);
    mapping_release(block);
    return moved;
}

/* Moves a block that has grown too large for the heap. */
static void *move_to_mapping(struct block_meta *block, size_t payload)
{
    struct block_meta *moved = mapping_take(payload);

    if (moved == NULL)
        return NULL;
    memcpy(moved + 1, block + 1, block->size < payload ? block->size : payload);
    release_to_heap(block);
    return moved + 1;
}

static void *resize_in_heap(struct block_meta *block, size_t payload)
{
    bool taken = lock_enter();
    struct block_meta *resized = heap_resize(block, payload);

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

    if (!is_held(block))
        expect_block(block);
    if (block->status == STATUS_MAPPED)
        return move_mapping(block, size);
    if (block->status == STATUS_FREE)
        return NULL;
    if (is_for_heap(size))
        return resize_in_heap(block, aligned(size));
    if (!align_request(size, &payload))
        return NULL;
    if (is_large(payload, policy()->mmap_threshold))
        return move_to_mapping(block, payload);
    return resize_in_heap(block, payload);
}
