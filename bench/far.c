/* SPDX-License-Identifier: MIT */
/*
 * far.c - measures a call in a heap of many GiB: far GIB LIVE CALLS.
 *
 * Its own sbrk() serves a large reserved area, of which only the end is used: the break jumps there
 * after the first block. Blocks of 8 to 1024 bytes are allocated and freed in random order, LIVE of
 * them at a time. Prints the processor time of a call in nanoseconds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "block_meta.h"
#include "osmem.h"

static char *current;
static uint64_t state = 1;

void *sbrk(intptr_t increment)
{
    char *start = current;

    current += increment;
    return start;
}

static uint32_t random_below(uint32_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state & UINT32_MAX) * limit >> 32);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void call(void **slot)
{
    if (*slot == NULL) {
        *slot = os_malloc(8 + random_below(1017));
        DIE(*slot == NULL, "os_malloc");
    } else {
        os_free(*slot);
        *slot = NULL;
    }
}

static void *reserve(size_t bytes)
{
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    DIE(start == MAP_FAILED, "mmap");
    return start;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: far GIB LIVE CALLS\n");
        return 2;
    }

    size_t gib = strtoul(argv[1], NULL, 10);
    uint32_t slots = 2 * (uint32_t)strtoul(argv[2], NULL, 10);
    uint64_t calls = strtoull(argv[3], NULL, 10);
    void **blocks = reserve(slots * sizeof(*blocks));

    current = reserve((gib + 8) << 30);
    DIE(os_malloc(100000) == NULL, "os_malloc");
    current += gib << 30;
    for (uint32_t i = 0; i < 4 * slots; i++)
        call(&blocks[random_below(slots)]);

    double start = now();

    for (uint64_t i = 0; i < calls; i++)
        call(&blocks[random_below(slots)]);
    printf("%.2f\n", (now() - start) / (double)calls);
    return 0;
}
