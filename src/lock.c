/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lock.h"

/* Of linux/futex.h, which musl does not bring along. */
#define FUTEX_WAIT         0
#define FUTEX_WAKE         1
#define FUTEX_PRIVATE_FLAG 128

#define SPINS 100 /* most calls end sooner than the kernel could put a thread to sleep */

enum { UNLOCKED, LOCKED, CONTENDED };

static uint32_t heap_lock;

/* The thread that enters without waiting, as it may already hold the lock. Other handlers of fork()
 * may allocate while it holds the lock for the fork; a handler of SIGABRT may allocate after it has
 * reported a mistake. */
static pthread_t exempt_thread;
static bool is_exempt;

void lock_exempt(bool exempt)
{
    __atomic_store_n(&exempt_thread, pthread_self(), __ATOMIC_RELAXED);
    __atomic_store_n(&is_exempt, exempt, __ATOMIC_RELEASE);
}

static void futex(int operation, uint32_t value)
{
    int saved_errno = errno;

    syscall(SYS_futex, &heap_lock, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
    errno = saved_errno;
}

static bool is_this_thread_exempt(void)
{
    return __atomic_load_n(&is_exempt, __ATOMIC_ACQUIRE) &&
           __atomic_load_n(&exempt_thread, __ATOMIC_RELAXED) == pthread_self();
}

static bool take_if_unlocked(void)
{
    uint32_t expected = UNLOCKED;

    return __atomic_compare_exchange_n(&heap_lock, &expected, LOCKED, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

bool lock_take(void)
{
    if (LIKELY(take_if_unlocked()))
        return true;
    if (is_this_thread_exempt())
        return false;
    for (int i = 0; i < SPINS; i++)
        if (__atomic_load_n(&heap_lock, __ATOMIC_RELAXED) == UNLOCKED && take_if_unlocked())
            return true;
    while (__atomic_exchange_n(&heap_lock, CONTENDED, __ATOMIC_ACQUIRE) != UNLOCKED)
        futex(FUTEX_WAIT, CONTENDED);
    return true;
}

void lock_release(void)
{
    if (__atomic_exchange_n(&heap_lock, UNLOCKED, __ATOMIC_RELEASE) == CONTENDED)
        futex(FUTEX_WAKE, 1);
}

bool lock_try(void)
{
    return lock_is_needed() && take_if_unlocked();
}

/* ---- fork() --------------------------------------------------------------------------------- */

/* glibc's lock of the list of all streams, which fork() takes after it has called its handlers. A
 * thread may hold it, or wait for a stream whose owner waits for our lock. It is recursive, so we
 * take it first, as glibc does for its own malloc(). Other C libraries have no such functions. */
extern void _IO_list_lock(void) __attribute__((weak));
extern void _IO_list_unlock(void) __attribute__((weak));
extern void _IO_list_resetlock(void) __attribute__((weak));

static bool taken_for_fork;
static bool streams_locked;
static unsigned nested_forks; /* by other handlers of the thread that holds the lock for a fork */

static void before_fork(void)
{
    bool locks_streams = lock_is_needed() && _IO_list_lock != NULL;

    if (is_this_thread_exempt()) {
        nested_forks++;
        return;
    }
    if (locks_streams)
        _IO_list_lock();

    bool taken = lock_enter();

    streams_locked = locks_streams;
    taken_for_fork = taken;
    lock_exempt(true);
}

static void after_fork(void)
{
    bool unlocks_streams = streams_locked;

    if (nested_forks > 0) {
        nested_forks--;
        return;
    }
    lock_exempt(false);
    lock_leave(taken_for_fork);
    if (unlocks_streams)
        _IO_list_unlock();
}

static void after_fork_in_child(void)
{
    if (nested_forks > 0) {
        nested_forks--;
        return;
    }
    lock_exempt(false);
    heap_lock = UNLOCKED; /* the child has no other threads, so none is waiting */
    if (streams_locked)
        _IO_list_resetlock();
}

__attribute__((constructor)) static void handle_forks(void)
{
    pthread_atfork(before_fork, after_fork, after_fork_in_child);
}
