/* SPDX-License-Identifier: MIT */
/*
 * threads.c - runs many threads on one heap, and forks meanwhile.
 *
 *     threads THREADS STEPS FORKS
 *
 * Threads pass blocks to each other through shared slots. Any of them may resize or free a block,
 * whose contents must stay the same. Forked children use the heap as well. Prints "ok" at the end.
 * Nothing here calls libc's malloc() while the threads run, as libc moves the same break without
 * holding our lock.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "block_meta.h"
#include "osmem.h"

#define SLOTS 64

struct content {
    size_t size;
    unsigned char bytes[];
};

static struct content *slots[SLOTS];
static unsigned long steps;
static unsigned running;

static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(*state >> 33);
}

static size_t random_size(uint64_t *state)
{
    uint32_t kind = next_random(state) % 100;

    return sizeof(struct content) + next_random(state) % (kind == 0   ? 200000
                                                          : kind < 10 ? 6000
                                                                      : 500);
}

static unsigned char pattern(const struct content *content)
{
    return (unsigned char)(content->size * 31 + 7);
}

static struct content *fill(struct content *content, size_t size)
{
    DIE(content == NULL, "the allocator");
    content->size = size;
    memset(content->bytes, pattern(content), size - sizeof(*content));
    return content;
}

static void verify(const struct content *content, size_t size)
{
    for (size_t i = 0; i < size - sizeof(*content); i++)
        DIE(content->bytes[i] != pattern(content), "the contents of a block");
}

static struct content *resize(struct content *content, size_t size)
{
    size_t old = content->size;
    struct content *resized = os_realloc(content, size);

    DIE(resized == NULL, "os_realloc");
    verify(resized, size < old ? size : old);
    return fill(resized, size);
}

/* Allocates, resizes or frees a block that no other thread can reach. Returns the block, or NULL.
 */
static struct content *play(struct content *content, uint64_t *state)
{
    size_t size = random_size(state);

    if (content == NULL)
        return fill(next_random(state) % 4 == 0 ? os_calloc(1, size) : os_malloc(size), size);
    verify(content, content->size);
    if (next_random(state) % 3 == 0)
        return resize(content, size);
    os_free(content);
    return NULL;
}

static void *work(void *argument)
{
    uint64_t state = (uintptr_t)argument;

    for (unsigned long i = 0; i < steps; i++) {
        struct content **slot = &slots[next_random(&state) % SLOTS];
        struct content *mine = __atomic_exchange_n(slot, NULL, __ATOMIC_ACQ_REL);
        struct content *other = __atomic_exchange_n(slot, play(mine, &state), __ATOMIC_ACQ_REL);

        if (other != NULL) { /* another thread has filled the slot meanwhile */
            verify(other, other->size);
            os_free(other);
        }
    }
    __atomic_sub_fetch(&running, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void fork_once(void)
{
    int status;
    pid_t child = fork();

    DIE(child < 0, "fork");
    if (child == 0) {
        uint64_t state = 1;
        struct content *content = NULL;

        os_malloc_check();
        for (int i = 0; i < 200; i++)
            content = play(content, &state);
        os_malloc_check();
        _exit(0);
    }
    DIE(waitpid(child, &status, 0) != child || status != 0, "the child");
}

int main(int argc, char **argv)
{
    enum { MAX_THREADS = 64 };
    pthread_t threads[MAX_THREADS];
    unsigned count = argc == 4 ? (unsigned)atoi(argv[1]) : 0;

    if (count == 0 || count > MAX_THREADS) {
        fprintf(stderr, "usage: threads THREADS STEPS FORKS\n");
        return 2;
    }
    steps = strtoul(argv[2], NULL, 10);
    running = count;
    for (uintptr_t i = 0; i < count; i++)
        DIE(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) != 0, "pthread_create");
    for (int i = 0; i < atoi(argv[3]); i++)
        fork_once();
    while (__atomic_load_n(&running, __ATOMIC_ACQUIRE) > 0) {
        os_malloc_check();
        usleep(1000);
    }
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < SLOTS; i++)
        os_free(slots[i]);
    os_malloc_check();
    puts("ok");
    return 0;
}
