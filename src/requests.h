/* SPDX-License-Identifier: MIT */
/*
 * requests.h - what the public functions share: where a request goes, the lock around the heap, and
 * whether the caller holds a block.
 *
 * The lock is held only around the heap. The header and payload of a live block, and a mapping,
 * belong to the thread that passes them in.
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "block.h"
#include "heap.h"
#include "lock.h"
#include "mapping.h"
#include "mistakes.h"
#include "policy.h"
#include "thread_cache.h"

/* ---- Sizes ---------------------------------------------------------------------------------- */

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

/* Whether a request gets a mapping of its own. */
static inline bool is_for_mapping(size_t payload, size_t threshold)
{
    return is_large(payload, threshold) && mapping_is_allowed();
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

/* ---- The heap, under the lock --------------------------------------------------------------- */

static inline struct block_meta *take_and_seal(size_t payload, size_t prealloc)
{
    struct block_meta *block = heap_take(payload, prealloc);

    if (block != NULL)
        seal(block);
    return block;
}

/* The same among threads. */
struct block_meta *take_locked(size_t payload, size_t prealloc);
void release_locked(struct block_meta *block);

/* ---- Large requests ------------------------------------------------------------------------- */

/* Takes a mapping for a request that is to have one. Returns false if the heap has to serve it:
 * also if the system refuses and the policy is extended, as the heap may have that much free. */
bool take_mapped(size_t payload, size_t alignment, size_t threshold, struct block_meta **block);

/* ---- Small requests ------------------------------------------------------------------------- */

static inline bool caches_are_used(void)
{
    return policy_in_force.thread_cache != 0;
}

/* Returns a live block from the cache of this thread, or else from the heap. */
static inline struct block_meta *take_from_heap(size_t payload, size_t prealloc)
{
    if (caches_are_used()) {
        struct block_meta *block = thread_cache_take(payload);

        if (LIKELY(block != NULL))
            return block;
    }
    return lock_is_needed() ? take_locked(payload, prealloc) : take_and_seal(payload, prealloc);
}

static inline void release_to_heap(struct block_meta *block)
{
    if (caches_are_used() && LIKELY(thread_cache_put(block)))
        return;
    if (lock_is_needed())
        release_locked(block);
    else
        heap_release(block);
}

/* ---- Blocks of the caller ------------------------------------------------------------------- */

/* Whether a quick look proves that the caller holds `block`, in the heap. True in most calls. */
static inline bool is_held(struct block_meta *block)
{
    return LIKELY(!policy_in_force.check && block->status == STATUS_ALLOC && is_sealed(block));
}

/* Takes a closer look at a block that fails is_held(): ends the program unless the caller holds it.
 * A free block passes, too, unless the policy asks for checks or is extended. */
void expect_block(struct block_meta *block);

static inline void *payload_of(struct block_meta *block)
{
    return block == NULL ? NULL : block + 1;
}

#endif
