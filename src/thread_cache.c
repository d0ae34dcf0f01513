/* SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "depot.h"
#include "heap.h"
#include "lock.h"
#include "policy.h"
#include "thread_cache.h"

#define LISTS      (DEPOT_LARGEST / UNIT + 1)
#define FIRST_MOST 4 /* blocks in a list */
#define LAST_MOST  64

struct list {
    struct block_meta *top;
    uint16_t count;
    uint16_t most;
};

struct cache {
    struct list lists[LISTS];
};

/* Stands for the cache of a thread that has none yet, or none any more. */
static struct cache closed;

static __thread struct cache *own __attribute__((tls_model("initial-exec")));

/* ---- Lists ---------------------------------------------------------------------------------- */

static struct list *list_for(struct cache *cache, size_t payload)
{
    return &cache->lists[payload / UNIT];
}

static void push(struct list *list, struct block_meta *block)
{
    *next_in_chain(block) = list->top;
    __atomic_store_n(&block->status, STATUS_KEPT, __ATOMIC_RELAXED);
    list->top = block;
    list->count++;
}

static struct block_meta *pop(struct list *list, size_t payload)
{
    struct block_meta *block = expect_in_chain(list->top, payload);

    list->top = *next_in_chain(block);
    list->count--;
    __atomic_store_n(&block->status, STATUS_ALLOC, __ATOMIC_RELAXED);
    return block;
}

/* Doubles the number of blocks that a list may hold, as far as the policy allows. */
static void grow(struct list *list, size_t payload)
{
    size_t limit = policy_in_force.thread_cache / payload;
    size_t most = list->most == 0 ? FIRST_MOST : (size_t)list->most * 2;

    if (limit > LAST_MOST)
        limit = LAST_MOST;
    list->most = (uint16_t)(most < limit ? most : limit);
}

/* ---- Between a list and the heap ------------------------------------------------------------ */

/* Removes all blocks of a list but the `left` newest. */
static struct chain cut(struct list *list, size_t payload, unsigned left)
{
    struct block_meta **link = &list->top;

    for (unsigned i = 0; i < left; i++)
        link = next_in_chain(expect_in_chain(*link, payload));

    struct chain chain = {*link, list->count - left};

    *link = NULL;
    list->count = (uint16_t)left;
    return chain;
}

/* Gives the older half of a list to the depot. */
static void halve(struct list *list, size_t payload)
{
    struct chain chain = cut(list, payload, list->count / 2);
    bool taken = lock_enter();

    depot_put(chain, payload);
    lock_leave(taken);
}

/* Takes a block from the heap, and as many for the list as half of it can hold. The lock must be
 * held. */
static struct block_meta *take_several(struct list *list, size_t payload)
{
    size_t prealloc = policy_in_force.prealloc_malloc;
    struct block_meta *first = heap_take(payload, prealloc);

    if (first == NULL)
        return NULL;
    seal(first);
    for (unsigned i = 0; i < list->most / 2; i++) {
        struct block_meta *block = heap_take(payload, prealloc);

        if (block == NULL)
            break;
        if (block->size != payload) { /* was not worth a split */
            heap_release(block);
            break;
        }
        seal(block);
        push(list, block);
    }
    return first;
}

/* Fills an empty list. Returns a block for the caller; NULL if there is no memory. */
static struct block_meta *fill(struct list *list, size_t payload)
{
    bool taken = lock_enter();
    struct chain chain = depot_take(payload);
    struct block_meta *block = chain.count == 0 ? take_several(list, payload) : NULL;

    lock_leave(taken);
    grow(list, payload);
    if (chain.count == 0)
        return block;
    list->top = chain.top;
    list->count = (uint16_t)chain.count;
    return pop(list, payload);
}

/* ---- Caches of threads ---------------------------------------------------------------------- */

static pthread_key_t key;
static bool has_key;

/* Frees all blocks. The lock must be held. */
static void empty(struct cache *cache)
{
    for (size_t i = 1; i < LISTS; i++)
        chain_release(cut(&cache->lists[i], i * UNIT, 0), i * UNIT);
}

/* Called when a thread ends. */
static void close_cache(void *cache)
{
    own = &closed;

    bool taken = lock_enter();

    empty(cache);
    heap_release((struct block_meta *)cache - 1);
    lock_leave(taken);
}

static void make_key(void)
{
    has_key = pthread_key_create(&key, close_cache) == 0;
}

/* libc may allocate meanwhile, for which the cache is closed. */
static OUTLINE struct cache *open_cache(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    own = &closed;
    pthread_once(&once, make_key);
    if (!has_key)
        return own;

    bool taken = lock_enter();
    struct block_meta *block =
        heap_take(sizeof(struct cache) + (-sizeof(struct cache) & 15), policy()->prealloc_malloc);

    if (block != NULL)
        seal(block);
    lock_leave(taken);
    if (block == NULL)
        return own;

    struct cache *cache = (struct cache *)(block + 1);

    *cache = (struct cache){0};
    if (pthread_setspecific(key, cache) == 0)
        own = cache;
    return own;
}

/* Returns the cache of this thread; NULL if it has none. */
static struct cache *cache_of_this_thread(void)
{
    struct cache *cache = own;

    if (policy_in_force.thread_cache == 0)
        return NULL;
    if (UNLIKELY(cache == NULL))
        cache = open_cache();
    return cache == &closed ? NULL : cache;
}

struct block_meta *thread_cache_take(size_t payload)
{
    struct cache *cache = payload <= DEPOT_LARGEST ? cache_of_this_thread() : NULL;

    if (cache == NULL)
        return NULL;

    struct list *list = list_for(cache, payload);

    return list->top != NULL ? pop(list, payload) : fill(list, payload);
}

/* Whether the next block seems to begin where `block` ends. If not, the heap looks closer. */
static bool has_plausible_next(const struct block_meta *block)
{
    return (char *)__atomic_load_n(&block->next, __ATOMIC_RELAXED) == end_of(block);
}

bool thread_cache_put(struct block_meta *block)
{
    size_t payload = block->size;
    struct cache *cache = payload <= DEPOT_LARGEST ? cache_of_this_thread() : NULL;

    if (cache == NULL || !has_plausible_next(block))
        return false;

    struct list *list = list_for(cache, payload);

    if (UNLIKELY(list->count >= list->most)) {
        grow(list, payload);
        if (list->most == 0)
            return false;
        if (list->count >= list->most)
            halve(list, payload);
    }
    push(list, block);
    return true;
}

void thread_cache_empty(void)
{
    bool taken = lock_enter();

    if (own != NULL && own != &closed)
        empty(own);
    depot_empty();
    lock_leave(taken);
}
