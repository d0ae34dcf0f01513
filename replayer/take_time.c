/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "passes.h"
#include "table.h"

static uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time); /* not the time of other processes */
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Plays all operations. Returns false if an allocation fails. */
static bool play_all(const struct workload *workload, struct allocator allocator, void **blocks)
{
    const struct operation *end = workload->operations + workload->count;

    for (const struct operation *operation = workload->operations; operation < end; operation++) {
        void **block = &blocks[operation->id];

        switch (operation->kind) {
        case ALLOCATE:
            *block = allocator.allocate(operation->size);
            break;
        case RESIZE:
            *block = allocator.resize(*block, operation->size);
            break;
        case RELEASE:
            allocator.release(*block);
            *block = NULL;
            continue;
        }
        if (*block == NULL)
            return false;
    }
    return true;
}

/* Frees what the workload leaves allocated, so that the next round starts empty. */
static void release_rest(const struct workload *workload, struct allocator allocator, void **blocks)
{
    for (size_t id = 0; id < workload->ids; id++)
        if (blocks[id] != NULL) {
            allocator.release(blocks[id]);
            blocks[id] = NULL;
        }
}

/* Other programs can only slow a round down: the fastest is closest to the truth. */
void take_time(const struct play *play, struct result *result)
{
    void **blocks = make_table(play->workload.ids, sizeof(*blocks));

    result->nanoseconds = UINT64_MAX;
    for (size_t round = 0; round < play->rounds; round++) {
        uint64_t start = now();
        bool served = play_all(&play->workload, play->allocator, blocks);
        uint64_t taken = now() - start;

        if (!served)
            fail(result, "expected a block, found NULL in round %zu", round + 1);
        release_rest(&play->workload, play->allocator, blocks);
        if (taken == 0)
            taken = 1; /* too short for a coarse clock */
        if (taken < result->nanoseconds)
            result->nanoseconds = taken;
    }
}
