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

#include "attributes.h"

#ifdef __GLIBC__
#include <sys/single_threaded.h>
#else
#define __libc_single_threaded false /* musl does not tell: the lock is always taken */
#endif

static inline bool lock_is_needed(void)
{
    return UNLIKELY(!__libc_single_threaded);
}

/* Starts or stops letting this thread enter without the lock. */
void lock_exempt(bool exempt);

/* The slow paths of the functions below, for programs with threads. */
bool lock_take(void);
void lock_release(void);

/* Takes the lock if it is free. Returns false if it is held, or not needed. */
bool lock_try(void);

/* Takes the lock, unless there is a single thread, or this thread is exempt. Returns whether it
 * did, which lock_leave() needs to know. */
static inline bool lock_enter(void)
{
    return lock_is_needed() && lock_take();
}

static inline void lock_leave(bool taken)
{
    if (taken)
        lock_release();
}

#endif
