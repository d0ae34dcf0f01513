/* SPDX-License-Identifier: MIT */
/*
 * workload.c - measures the time of a call to an allocator among many live blocks.
 *
 *     workload LIBRARY MIX LIVE CALLS
 *
 * LIBRARY is the path of a libosmem.so, or `-` for the malloc() of this process. Either is called
 * through pointers. Half of 2 * LIVE slots hold blocks of random sizes from 8 to 1024 bytes. Each
 * step picks a random slot and, depending on MIX,
 *
 *     churn      frees its block, or allocates one if it is empty, about equally often
 *     realloc    does the same in every second step, and resizes a block in the others
 *     pairs      frees its block and allocates another at once, which counts as two calls
 *     again      does the same, with a block of the same size
 *
 * One byte of each block is written and read. Prints the processor time per call in nanoseconds,
 * over CALLS calls, after a few steps per block have mixed the heap. The time includes the loop and
 * the cache misses on the blocks themselves.
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

/* Returns a number below `limit`, which must be small compared with 2^32. */
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

static char **slots;
static uint32_t live;
static unsigned sum;

static inline char *touch(void *block)
{
    DIE(block == NULL, "the allocator");
    *(char *)block = 1;
    return block;
}

static inline void put(char **slot)
{
    *slot = touch(allocator.malloc(random_size()));
}

static inline void drop(char **slot)
{
    sum += (unsigned)**slot;
    allocator.free(*slot);
    *slot = NULL;
}

static inline void toggle(void)
{
    char **slot = &slots[random_below(2 * live)];

    if (*slot == NULL)
        put(slot);
    else
        drop(slot);
}

static void churn(uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i++)
        toggle();
}

static void churn_and_realloc(uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i += 2) {
        toggle();

        char **slot;

        do
            slot = &slots[random_below(2 * live)];
        while (*slot == NULL);
        sum += (unsigned)**slot;
        *slot = touch(allocator.realloc(*slot, random_size()));
    }
}

/* Every other slot stays empty. */
static void churn_in_pairs(uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i += 2) {
        char **slot = &slots[2 * random_below(live)];

        drop(slot);
        put(slot);
    }
}

/* The size of the block in a slot is always the same. */
static void churn_in_same_sizes(uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i += 2) {
        uint32_t number = random_below(live);

        drop(&slots[2 * number]);
        slots[2 * number] = touch(allocator.malloc(8 + number * UINT32_C(2654435761) % 1017));
    }
}

static const struct {
    const char *name;
    void (*run)(uint64_t calls);
} mixes[] = {{"churn", churn},
             {"realloc", churn_and_realloc},
             {"pairs", churn_in_pairs},
             {"again", churn_in_same_sizes}};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time); /* not the time of other processes */
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: workload LIBRARY|- MIX LIVE CALLS\n");
        return 2;
    }
    if (strcmp(argv[1], "-") != 0)
        use(argv[1]);

    void (*run)(uint64_t calls) = NULL;
    uint64_t calls = strtoull(argv[4], NULL, 10);

    for (size_t i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++)
        if (strcmp(argv[2], mixes[i].name) == 0)
            run = mixes[i].run;
    DIE(run == NULL, argv[2]);
    live = (uint32_t)strtoul(argv[3], NULL, 10);
    slots = mmap(NULL, 2 * live * sizeof(*slots), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    DIE(slots == MAP_FAILED, "mmap");
    for (uint32_t i = 0; i < live; i++)
        put(&slots[2 * i]);
    run(live > 10000 ? 2 * (uint64_t)live : 20000);

    double start = now();

    run(calls);
    printf("%.2f\n", (now() - start) / (double)calls);
    return sum == 0; /* never true, but keeps the compiler from removing the reads */
}
