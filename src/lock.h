/* SPDX-License-Identifier: MIT */
/*
 * lock.h - the one lock of the heap.
 *
 * A process with one thread does not take it: libc knows whether there is another, and there can't
 * be one all of a sudden while the only thread is in here. With more it is one atomic instruction
 * to take it and one to give it back; the kernel is asked only where threads collide.
 *
 * fork() in a program with threads holds the lock while it copies the process, so that the child
 * finds a heap that nobody is in the middle of changing.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/single_threaded.h>

#include "attributes.h"

enum { UNLOCKED, LOCKED, CONTENDED };

INTERNAL uint32_t heap_lock;

static inline bool lock_is_needed(void)
{
    return UNLIKELY(!__libc_single_threaded);
}

/* Lets this thread pass without the lock, or no longer. */
void lock_exempt(bool exempt);

/* Where the lock is taken. Returns false if it was not, for a thread that is exempt. */
bool lock_wait(void);
void lock_wake(void);

/* Whether the lock was taken: to be handed to lock_leave(). */
static inline bool lock_enter(void)
{
    uint32_t expected = UNLOCKED;

    if (!lock_is_needed())
        return false;
    if (__atomic_compare_exchange_n(&heap_lock, &expected, LOCKED, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED))
        return true;
    return lock_wait();
}

static inline void lock_leave(bool taken)
{
    if (taken && __atomic_exchange_n(&heap_lock, UNLOCKED, __ATOMIC_RELEASE) == CONTENDED)
        lock_wake();
}

#endif
