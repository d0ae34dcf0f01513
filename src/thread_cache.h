/* SPDX-License-Identifier: MIT */
/*
 * thread_cache.h - small blocks that a thread has freed, and that its next requests get.
 *
 *     this thread ──▶ tops    16   32   48   …  1024 bytes      one list per size
 *                              │         │
 *                              v         v
 *                            block     block                    kept: freed, but not in the heap
 *                              v
 *                            block
 *
 * A request that finds a block in its list leaves the heap as it is, and neither merges nor splits.
 * How many blocks a list may hold starts small. It doubles when a request finds the list empty that
 * has been full meanwhile: a burst of frees alone leaves nearly all memory to the heap.
 *
 * Threads that find what they need in their own cache never meet at the lock of the heap. Among
 * threads, an empty list is filled with several blocks at once, and the older half of a full one
 * goes to the depot (depot.h), where other threads find it. Lists grow each time, as one thread may
 * only free what others allocate.
 *
 * A policy that allows caches no bytes has none. In the child of a fork(), the blocks of the
 * threads that are not there go to the heap when a list is filled.
 *
 * Source: the magazines of Bonwick and Adams, Magazines and Vmem (USENIX 2001); the growing lists
 * of Ghemawat and Menage, TCMalloc.
 */
#ifndef THREAD_CACHE_H
#define THREAD_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "depot.h"

struct list {
    struct block_meta *top;
    uint16_t count;
    uint16_t most;
    bool overflowed; /* since it was filled */
};

struct cache {
    struct list lists[DEPOT_LARGEST / UNIT + 1]; /* by size */
    struct cache *next;                          /* of another thread */
    struct cache **incoming;                     /* the link that leads here */
};

/* The cache of this thread. Until it is opened, and when there is none, its lists are empty, and
 * may not hold a block. */
INTERNAL __thread struct cache *thread_cache __attribute__((tls_model("initial-exec")));

static inline bool thread_cache_holds_size(size_t payload)
{
    return payload <= DEPOT_LARGEST;
}

static inline struct list *list_for(struct cache *cache, size_t payload)
{
    return &cache->lists[payload / UNIT];
}

/* ---- Lists ---------------------------------------------------------------------------------- */

static inline void list_push(struct list *list, struct block_meta *block)
{
    *next_in_chain(block) = list->top;
    __atomic_store_n(&block->status, STATUS_KEPT, __ATOMIC_RELAXED);
    list->top = block;
    list->count++;
}

static inline struct block_meta *list_pop(struct list *list, size_t payload)
{
    struct block_meta *block = expect_in_chain(list->top, payload);

    list->top = *next_in_chain(block);
    list->count--;
    __atomic_store_n(&block->status, STATUS_ALLOC, __ATOMIC_RELAXED);
    return block;
}

/* Whether the next block seems to begin where `block` ends. If not, the heap looks closer. */
static inline bool has_plausible_next(const struct block_meta *block)
{
    return (char *)__atomic_load_n(&block->next, __ATOMIC_RELAXED) == end_of(block);
}

/* ---- Requests ------------------------------------------------------------------------------- */

/* The slow paths of the functions below. */
struct block_meta *thread_cache_take_slow(size_t payload);
bool thread_cache_put_slow(struct block_meta *block);

/* Returns a live block of `payload` bytes or a little more; NULL if this thread has no cache, or
 * the heap no memory. */
static inline struct block_meta *thread_cache_take(size_t payload)
{
    if (!thread_cache_holds_size(payload))
        return NULL;

    struct list *list = list_for(thread_cache, payload);

    return LIKELY(list->top != NULL) ? list_pop(list, payload) : thread_cache_take_slow(payload);
}

/* Frees a live block of the heap. Returns false if the cache can't keep it. */
static inline bool thread_cache_put(struct block_meta *block)
{
    if (!thread_cache_holds_size(block->size) || UNLIKELY(!has_plausible_next(block)))
        return false;

    struct list *list = list_for(thread_cache, block->size);

    if (UNLIKELY(list->count >= list->most))
        return thread_cache_put_slow(block);
    list_push(list, block);
    return true;
}

/* Gives all blocks of this thread's cache and of the depot back to the heap. The lock must not be
 * held. */
void thread_cache_empty(void);

#endif
