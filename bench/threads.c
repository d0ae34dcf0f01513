/* SPDX-License-Identifier: MIT */
/*
 * threads.c - measures malloc() and free() in many threads at once.
 *
 *     threads MIX THREADS CALLS
 *
 * Depending on MIX,
 *
 *     server     each thread replaces random blocks of its own 1000, of 8 to 1000 bytes; the blocks
 *                of a thread that ends pass to another
 *     handoff    half of the threads allocate blocks of 8 to 512 bytes, which the others free
 *
 * The first is what Larson and Krishnan, Memory allocation for long-running server applications
 * (ISMM 1998), measure; the second is the case that Lever and Boreham, malloc() performance in a
 * multithreaded Linux environment (USENIX 2000), describe. Prints millions of calls per second of
 * real time, and the most memory that was resident, in KiB.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_THREADS 64
#define BLOCKS       1000 /* of a thread */
#define GENERATIONS  10   /* of threads */
#define BATCH        256
#define MOST_BATCHES 32 /* on their way */

static unsigned threads;
static uint64_t calls; /* of each thread */

static uint32_t random_below(uint64_t *state, uint32_t limit)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)((*state & UINT32_MAX) * limit >> 32);
}

static char *allocate(size_t size)
{
    char *block = malloc(size);

    if (block == NULL)
        abort();
    *(volatile char *)block = 1;
    return block;
}

/* Runs the threads to their ends. */
static void run(void *(*work)(void *number))
{
    pthread_t started[MOST_THREADS];

    for (uintptr_t i = 0; i < threads; i++)
        if (pthread_create(&started[i], NULL, work, (void *)i) != 0)
            abort();
    for (unsigned i = 0; i < threads; i++)
        pthread_join(started[i], NULL);
}

/* ---- server --------------------------------------------------------------------------------- */

static char *blocks[MOST_THREADS][BLOCKS];
static unsigned generation;

static void *replace(void *number)
{
    uint64_t state = 1 + (uintptr_t)number;
    char **mine = blocks[((uintptr_t)number + generation) % threads];

    for (uint64_t i = 0; i < calls / GENERATIONS; i += 2) {
        char **slot = &mine[random_below(&state, BLOCKS)];

        free(*slot);
        *slot = allocate(8 + random_below(&state, 993));
    }
    return NULL;
}

static void server(void)
{
    for (generation = 0; generation < GENERATIONS; generation++)
        run(replace);
}

/* ---- handoff -------------------------------------------------------------------------------- */

struct batch {
    char *blocks[BATCH];
};

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct batch batches[MOST_BATCHES];
    unsigned count;
} queue = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* Waits until the queue does not have this number of batches, and locks it. */
static void lock_unless(unsigned count)
{
    pthread_mutex_lock(&queue.mutex);
    while (queue.count == count)
        pthread_cond_wait(&queue.changed, &queue.mutex);
}

static void unlock(void)
{
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.mutex);
}

static void *give_or_take(void *number)
{
    uint64_t state = 1 + (uintptr_t)number;
    struct batch batch;

    for (uint64_t i = 0; i < calls; i += BATCH) {
        if ((uintptr_t)number % 2 == 0) {
            for (int j = 0; j < BATCH; j++)
                batch.blocks[j] = allocate(8 + random_below(&state, 505));
            lock_unless(MOST_BATCHES);
            queue.batches[queue.count++] = batch;
            unlock();
        } else {
            lock_unless(0);
            batch = queue.batches[--queue.count];
            unlock();
            for (int j = 0; j < BATCH; j++)
                free(batch.blocks[j]);
        }
    }
    return NULL;
}

static void handoff(void)
{
    run(give_or_take);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* Returns what the kernel counts, in KiB. */
static long most_resident(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[200];
    long kib = 0;

    while (status != NULL && fgets(line, sizeof(line), status) != NULL)
        sscanf(line, "VmHWM: %ld", &kib);
    return kib;
}

int main(int argc, char **argv)
{
    if (argc != 4 || (threads = (unsigned)atoi(argv[2])) == 0 || threads > MOST_THREADS) {
        fprintf(stderr, "usage: threads server|handoff THREADS CALLS\n");
        return 2;
    }
    calls = strtoull(argv[3], NULL, 10) / threads;

    double start = now();

    (strcmp(argv[1], "server") == 0 ? server : handoff)();
    printf("%.2f %ld\n", (double)(calls * threads) / (now() - start), most_resident());
    return 0;
}
