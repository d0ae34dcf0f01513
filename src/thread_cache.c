/* SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "heap.h"
#include "lock.h"
#include "policy.h"
#include "thread_cache.h"

#define LISTS      (DEPOT_LARGEST / UNIT + 1)
#define FIRST_MOST 4 /* blocks in a list */
#define LAST_MOST  64

/* Stand for the cache of a thread that has none yet, or none any more. */
static struct cache unopened;
static struct cache closed;

__thread struct cache *thread_cache = &unopened;

/* ---- Lists ---------------------------------------------------------------------------------- */

/* Doubles the number of blocks that a list may hold, as far as the policy allows. */
static void grow(struct list *list, size_t payload)
{
    size_t limit = policy_in_force.thread_cache / payload;
    size_t most = list->most == 0 ? FIRST_MOST : (size_t)list->most * 2;

    if (limit > LAST_MOST)
        limit = LAST_MOST;
    list->most = (uint16_t)(most < limit ? most : limit);
}

/* Removes all blocks of a list but the `left` newest. */
static struct chain cut_chain(struct list *list, size_t payload, unsigned left)
{
    struct block_meta **link = &list->top;

    for (unsigned i = 0; i < left; i++)
        link = next_in_chain(expect_in_chain(*link, payload));

    struct chain chain = {*link, list->count - left};

    *link = NULL;
    list->count = (uint16_t)left;
    return chain;
}

/* ---- The caches of all threads -------------------------------------------------------------- */

/* Opened and not closed. The lock must be held to read or write the links. */
static struct cache *caches;

static void link_cache(struct cache *cache)
{
    cache->next = caches;
    cache->incoming = &caches;
    if (caches != NULL)
        caches->incoming = &cache->next;
    caches = cache;
}

/* After a fork, the first of those that were open then; NULL once they are released. Children that
 * only start another program never look at them. */
static struct cache *orphans;
static const struct cache *survivor; /* among them, that of the thread that forked */

static void unlink_cache(struct cache *cache)
{
    if (orphans == cache)
        orphans = cache->next;
    *cache->incoming = cache->next;
    if (cache->next != NULL)
        cache->next->incoming = cache->incoming;
}

/* Frees all blocks. The lock must be held. */
static void empty(struct cache *cache)
{
    for (size_t i = 1; i < LISTS; i++)
        chain_release(cut_chain(&cache->lists[i], i * UNIT, 0), i * UNIT);
}

/* ---- After a fork --------------------------------------------------------------------------- */

/* Frees the blocks of a list that another thread may have been changing during the fork: up to the
 * first one that was not certainly in it. */
static void release_orphaned_list(const struct list *list, size_t payload)
{
    struct block_meta *block = list->top;

    while (block != NULL && is_in_chain(block, payload)) {
        struct block_meta *next = *next_in_chain(block);

        heap_release(block);
        block = next;
    }
}

/* Frees the caches of the threads that are not in the child. The lock must be held. */
static OUTLINE void release_orphans(void)
{
    struct cache *next;

    for (struct cache *cache = orphans; cache != NULL; cache = next) {
        next = cache->next;
        if (cache == survivor)
            continue;
        for (size_t i = 1; i < LISTS; i++)
            release_orphaned_list(&cache->lists[i], i * UNIT);
        unlink_cache(cache);
        heap_release((struct block_meta *)cache - 1);
    }
    orphans = NULL;
}

/* New caches come before these in the list. */
static void note_fork(void)
{
    orphans = caches;
    survivor = thread_cache;
}

__attribute__((constructor)) static void notice_forks(void)
{
    pthread_atfork(NULL, NULL, note_fork);
}

/* ---- Between a list and the heap ------------------------------------------------------------ */

/* Gives the older half of a list to the depot; to the heap if no other thread could want it. */
static void halve(struct list *list, size_t payload)
{
    struct chain chain = cut_chain(list, payload, list->count / 2);
    bool taken = lock_enter();

    list->overflowed = true;
    if (taken)
        depot_put(chain, payload);
    else
        chain_release(chain, payload);
    lock_leave(taken);
}

/* Takes a block from the heap, and among threads as many for the list as half of it can hold. The
 * lock must be held. */
static struct block_meta *take_several(struct list *list, size_t payload)
{
    size_t prealloc = policy_in_force.prealloc_malloc;
    unsigned extra = lock_is_needed() ? list->most / 2 : 0;
    struct block_meta *first = heap_take(payload, prealloc);
    int saved_errno = errno;

    if (first == NULL)
        return NULL;
    seal(first);
    for (unsigned i = 0; i < extra; i++) {
        struct block_meta *block = heap_take(payload, prealloc);

        if (block == NULL)
            break;
        if (block->size != payload) { /* was not worth a split */
            heap_release(block);
            break;
        }
        seal(block);
        list_push(list, block);
    }
    errno = saved_errno; /* one block is enough */
    return first;
}

/* Fills an empty list. Returns a block for the caller; NULL if there is no memory. */
static struct block_meta *fill(struct list *list, size_t payload)
{
    bool taken = lock_enter();

    if (UNLIKELY(orphans != NULL))
        release_orphans();

    struct chain chain = depot_take(payload);
    struct block_meta *block = chain.count == 0 ? take_several(list, payload) : NULL;

    lock_leave(taken);
    if (list->overflowed || lock_is_needed())
        grow(list, payload);
    list->overflowed = false;
    if (chain.count == 0)
        return block;
    list->top = chain.top;
    list->count = (uint16_t)chain.count;
    return list_pop(list, payload);
}

/* ---- The cache of this thread --------------------------------------------------------------- */

static pthread_key_t key;
static bool has_key;

/* Called when a thread ends. */
static void close_cache(void *ended)
{
    struct cache *cache = ended;

    thread_cache = &closed;

    bool taken = lock_enter();

    empty(cache);
    unlink_cache(cache);
    heap_release((struct block_meta *)cache - 1);
    lock_leave(taken);
}

static void make_key(void)
{
    has_key = pthread_key_create(&key, close_cache) == 0;
}

/* Returns an empty cache; NULL if there is no memory. The lock must be held. */
static struct cache *new_cache(void)
{
    size_t padding = -sizeof(struct cache) & (policy_in_force.alignment - 1);
    struct block_meta *block =
        heap_take(sizeof(struct cache) + padding, policy_in_force.prealloc_malloc);

    if (block == NULL)
        return NULL;
    seal(block);

    struct cache *cache = (struct cache *)(block + 1);

    *cache = (struct cache){0};
    link_cache(cache);
    return cache;
}

/* libc may allocate meanwhile, for which the cache is closed. */
static OUTLINE void open_cache(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    thread_cache = &closed;
    pthread_once(&once, make_key);
    if (!has_key)
        return;

    int saved_errno = errno;
    bool taken = lock_enter();
    struct cache *cache = new_cache();

    lock_leave(taken);
    errno = saved_errno; /* free() may be the caller */
    if (cache == NULL)
        return;
    if (pthread_setspecific(key, cache) == 0)
        thread_cache = cache;
    else
        close_cache(cache);
}

/* Whether this thread has a cache, which is opened when it is first needed. */
static bool has_cache(void)
{
    if (policy_in_force.thread_cache == 0)
        return false;
    if (thread_cache == &unopened)
        open_cache();
    return thread_cache != &closed;
}

OUTLINE struct block_meta *thread_cache_take_slow(size_t payload)
{
    return has_cache() ? fill(list_for(thread_cache, payload), payload) : NULL;
}

OUTLINE bool thread_cache_put_slow(struct block_meta *block)
{
    size_t payload = block->size;

    if (!has_cache())
        return false;

    struct list *list = list_for(thread_cache, payload);

    if (list->most == 0 || lock_is_needed())
        grow(list, payload);
    if (list->most == 0)
        return false;
    if (list->count >= list->most)
        halve(list, payload);
    list_push(list, block);
    return true;
}

void thread_cache_empty(void)
{
    bool taken = lock_enter();

    if (orphans != NULL)
        release_orphans();
    if (thread_cache != &unopened && thread_cache != &closed)
        empty(thread_cache);
    depot_empty();
    lock_leave(taken);
}
