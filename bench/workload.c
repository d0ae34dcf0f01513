/* SPDX-License-Identifier: MIT */
/*
 * workload.c - the time a call of an allocator takes, among many live blocks.
 *
 *     workload LIBRARY MIX LIVE CALLS
 *
 * LIBRARY is the path of a libosmem.so, or `-` for the malloc() that the program was started with.
 * All are called through pointers. LIVE blocks of random sizes from 8 to 1024 bytes are allocated;
 * then each step picks one of them at random and, by the MIX,
 *
 *     churn      frees it and allocates another in its place: half allocations, half frees
 *     realloc    does so in every third step, and resizes it in the others: half of all calls
 *
 * A byte of each block is written and read. Prints the nanoseconds per call over CALLS calls, after
 * as many steps as there are blocks have mixed the heap. That time has the loop in it, and what the
 * machine needs to reach the block.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "block_meta.h"

static struct {
    void *(*malloc)(size_t size);
    void *(*realloc)(void *ptr, size_t size);
    void (*free)(void *ptr);
} allocator = {malloc, realloc, free};

static void use(const char *path)
{
    void *library = dlopen(path, RTLD_NOW);

    DIE(library == NULL, path);
    *(void **)&allocator.malloc = dlsym(library, "os_malloc");
    *(void **)&allocator.realloc = dlsym(library, "os_realloc");
    *(void **)&allocator.free = dlsym(library, "os_free");
}

static uint64_t state = 1;

/* Below `limit`, which is small beside 2^32. */
static inline uint32_t random_below(uint32_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state & UINT32_MAX) * limit >> 32);
}

static inline size_t random_size(void)
{
    return 8 + random_below(1017);
}

static char **blocks;
static uint32_t live;
static unsigned sum;

static inline char *touched(void *block)
{
    DIE(block == NULL, "the allocator");
    *(char *)block = 1;
    return block;
}

/* Two calls. */
static inline void replace(uint32_t at)
{
    sum += (unsigned)*blocks[at];
    allocator.free(blocks[at]);
    blocks[at] = touched(allocator.malloc(random_size()));
}

/* One call. */
static inline void resize(uint32_t at)
{
    sum += (unsigned)*blocks[at];
    blocks[at] = touched(allocator.realloc(blocks[at], random_size()));
}

static void churn(uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i += 2)
        replace(random_below(live));
}

static void churn_and_realloc(uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i += 4) {
        replace(random_below(live));
        resize(random_below(live));
        resize(random_below(live));
    }
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: workload LIBRARY|- churn|realloc LIVE CALLS\n");
        return 2;
    }
    if (strcmp(argv[1], "-") != 0)
        use(argv[1]);

    void (*run)(uint64_t) = strcmp(argv[2], "churn") == 0 ? churn : churn_and_realloc;
    uint64_t calls = strtoull(argv[4], NULL, 10);

    live = (uint32_t)strtoul(argv[3], NULL, 10);
    blocks = mmap(NULL, live * sizeof(*blocks), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    DIE(blocks == MAP_FAILED, "mmap");
    for (uint32_t i = 0; i < live; i++)
        blocks[i] = touched(allocator.malloc(random_size()));
    run(live > 10000 ? 2 * (uint64_t)live : 20000);

    double start = now();

    run(calls);
    printf("%.2f\n", (now() - start) / (double)calls);
    return sum == 0; /* never: so that the reads are not left out */
}
