/* SPDX-License-Identifier: MIT */
/*
 * forks.c - forks with handlers that were registered before those of the allocator: forks HANDLERS.
 *
 *     mutex     the handlers take a mutex, whose owner allocates
 *     nested    the handlers fork, too, and allocate
 *
 * Other threads allocate meanwhile. Prints "ok" unless one waits forever.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "block_meta.h"
#include "osmem.h"

#define THREADS 3
#define FORKS   100
#define SIZE    2000 /* too large for the cache of a thread */

static const char *handlers;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool is_nested;
static volatile bool stop;

static void allocate(void)
{
    for (int i = 0; i < 20; i++) {
        void *first = os_malloc(SIZE);
        void *second = os_malloc(2 * SIZE);

        os_free(first);
        os_free(second);
    }
}

static void fork_and_wait(void)
{
    pid_t child = fork();
    int status;

    DIE(child < 0, "fork");
    if (child == 0) {
        allocate();
        _exit(0);
    }
    DIE(waitpid(child, &status, 0) != child || status != 0, "waitpid");
}

static void prepare(void)
{
    if (strcmp(handlers, "mutex") == 0) {
        pthread_mutex_lock(&mutex);
    } else if (!is_nested) {
        is_nested = true;
        fork_and_wait();
        is_nested = false;
    }
    allocate();
}

static void release(void)
{
    allocate();
    if (strcmp(handlers, "mutex") == 0)
        pthread_mutex_unlock(&mutex);
}

static void register_handlers(void)
{
    pthread_atfork(prepare, release, release);
}

/* Is called before the constructors of libraries. */
__attribute__((section(".preinit_array"),
               used)) static void (*const before_all)(void) = register_handlers;

static void *work(void *unused)
{
    while (!stop) {
        pthread_mutex_lock(&mutex);
        allocate();
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];

    handlers = argc == 2 ? argv[1] : "";
    for (int i = 0; i < THREADS; i++)
        DIE(pthread_create(&threads[i], NULL, work, NULL) != 0, "thread");
    for (int i = 0; i < FORKS; i++)
        fork_and_wait();
    stop = true;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    puts("ok");
    return 0;
}
