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
 * Threads that find what they need in their own cache never meet at the lock of the heap. An empty
 * list is filled with several blocks at once, and the older half of a full one goes to the depot
 * (depot.h), where other threads find it.
 * How many blocks a list may hold starts small, and doubles whenever it was too small.
 *
 * A process with a single thread does without, and so does a policy that allows caches no bytes.
 *
 * Source: the magazines of Bonwick and Adams, Magazines and Vmem (USENIX 2001); the growing lists
 * of Ghemawat and Menage, TCMalloc.
 */
#ifndef THREAD_CACHE_H
#define THREAD_CACHE_H

#include <stdbool.h>

#include "block.h"

/* Returns a live block of `payload` bytes or a little more; NULL if this thread has no cache, or
 * the heap no memory. */
struct block_meta *thread_cache_take(size_t payload);

/* Frees a live block of the heap. Returns false if the cache can't keep it. */
bool thread_cache_put(struct block_meta *block);

/* Gives all blocks of this thread's cache and of the depot back to the heap. The lock must not be
 * held. */
void thread_cache_empty(void);

#endif
