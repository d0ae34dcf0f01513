/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lock.h"

#define SPINS 100 /* most calls are over before the kernel could put a thread to sleep */

uint32_t heap_lock;

/* The thread between the two handlers of a fork(). Others' handlers may allocate meanwhile. */
static pthread_t forking_thread;
static bool is_forking;

static void futex(int operation, uint32_t value)
{
    int saved_errno = errno;

    syscall(SYS_futex, &heap_lock, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
    errno = saved_errno;
}

static bool is_forked_by_this_thread(void)
{
    return __atomic_load_n(&is_forking, __ATOMIC_ACQUIRE) &&
           __atomic_load_n(&forking_thread, __ATOMIC_RELAXED) == pthread_self();
}

bool lock_wait(void)
{
    if (is_forked_by_this_thread())
        return false;
    for (int i = 0; i < SPINS; i++) {
        uint32_t expected = UNLOCKED;

        if (__atomic_load_n(&heap_lock, __ATOMIC_RELAXED) == UNLOCKED &&
            __atomic_compare_exchange_n(&heap_lock, &expected, LOCKED, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
    }
    while (__atomic_exchange_n(&heap_lock, CONTENDED, __ATOMIC_ACQUIRE) != UNLOCKED)
        futex(FUTEX_WAIT, CONTENDED);
    return true;
}

void lock_wake(void)
{
    futex(FUTEX_WAKE, 1);
}

/* ---- fork() --------------------------------------------------------------------------------- */

static bool taken_for_fork;

static void before_fork(void)
{
    bool taken = lock_enter();

    taken_for_fork = taken;
    __atomic_store_n(&forking_thread, pthread_self(), __ATOMIC_RELAXED);
    __atomic_store_n(&is_forking, true, __ATOMIC_RELEASE);
}

static void after_fork(void)
{
    __atomic_store_n(&is_forking, false, __ATOMIC_RELEASE);
    lock_leave(taken_for_fork);
}

static void after_fork_in_child(void)
{
    __atomic_store_n(&is_forking, false, __ATOMIC_RELEASE);
    heap_lock = UNLOCKED; /* those who waited are not here */
}

__attribute__((constructor)) static void handle_forks(void)
{
    pthread_atfork(before_fork, after_fork, after_fork_in_child);
}
