/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "footprint.h"
#include "passes.h"
#include "table.h"

/* The highest footprint so far, and the number of page faults at the last look. */
struct peak {
    size_t bytes;
    long faults;
};

/* Skips the footprint, which costs as much as hundreds of calls, unless it can have grown. */
static void update_peak(struct peak *peak)
{
    long faults = page_faults();

    if (faults == peak->faults)
        return;
    peak->faults = faults;

    size_t bytes = footprint();

    if (bytes > peak->bytes)
        peak->bytes = bytes;
}

static void *play_operation(const struct play *play, const struct operation *operation, void *block)
{
    switch (operation->kind) {
    case ALLOCATE:
        return play->allocator.allocate(operation->size);
    case RESIZE:
        return play->allocator.resize(block, operation->size);
    default:
        play->allocator.release(block);
        return NULL;
    }
}

void measure(const struct play *play, struct result *result)
{
    const struct workload *workload = &play->workload;
    void **blocks = make_table(workload->ids, sizeof(*blocks));
    struct peak peak = {0};

    update_peak(&peak); /* touches the stack once, so that this does not count */
    size_t before = peak.bytes = footprint();

    for (size_t i = 0; i < workload->count; i++) {
        result->at = &workload->operations[i];
        void **block = &blocks[result->at->id];

        *block = play_operation(play, result->at, *block);
        if (*block != NULL)
            memset(*block, 1, result->at->size);
        update_peak(&peak);
    }
    /* A small workload may fit in pages that the process held before its first call. */
    size_t grown = peak.bytes - before;

    result->held = grown < workload->peak ? workload->peak : grown;
}
