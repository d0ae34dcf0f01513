/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "footprint.h"
#include "passes.h"
#include "table.h"

/* The footprint's peak so far, and when it was last looked for. */
struct peak {
    size_t bytes;
    long faults;
};

/* Looking costs as much as hundreds of calls: it is only done where there is something to see. */
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

    update_peak(
        &peak); /* it uses some of the stack itself: only from here on are figures comparable */
    size_t before = peak.bytes = footprint();

    for (size_t i = 0; i < workload->count; i++) {
        result->at = &workload->operations[i];
        void **block = &blocks[result->at->id];

        *block = play_operation(play, result->at, *block);
        if (*block != NULL)
            memset(*block, 1, result->at->size);
        update_peak(&peak);
    }
    /* What is small may fit into pages that the process had before its first call. */
    size_t grown = peak.bytes - before;

    result->held = grown < workload->peak ? workload->peak : grown;
}
