/* SPDX-License-Identifier: MIT */
/*
 * lock.h - the lock of the heap.
 *
 * A process with a single thread does not take it: glibc knows whether there are others, and none
 * can start while the only thread is in the allocator. With several threads, taking and releasing
 * the lock costs one atomic instruction each. Only colliding threads call the kernel.
 *
 * In a program with threads, fork() holds the lock while it copies the process, so that the child
 * never gets a heap that another thread was changing.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "attributes.h"

#ifdef __GLIBC__
#include <sys/single_threaded.h>
#else
#define __libc_single_threaded false /* musl does not tell: the lock is always taken */
#endif

enum { UNLOCKED, LOCKED, CONTENDED };

INTERNAL uint32_t heap_lock;

static inline bool lock_is_needed(void)
{
    return UNLIKELY(!__libc_single_threaded);
}

/* Starts or stops letting this thread enter without the lock. */
void lock_exempt(bool exempt);

/* Waits for the lock and takes it. Returns false, without the lock, if this thread is exempt. */
bool lock_wait(void);

/* Wakes one waiting thread. */
void lock_wake(void);

/* Takes the lock if it is free. Returns false if it is held, or not needed. */
bool lock_try(void);

/* Returns whether the lock was taken, which lock_leave() needs to know. */
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
