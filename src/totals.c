/* SPDX-License-Identifier: MIT */
#include "totals.h"
#include "block_list.h"
#include "heap.h"
#include "lock.h"

static void count_block(struct totals *totals, const struct block_meta *block)
{
    totals->blocks++;
    totals->bytes += block->size;
    if (block->size > totals->largest)
        totals->largest = block->size;
}

struct heap_totals heap_totals(void)
{
    struct heap_totals totals = {0};
    bool taken = lock_enter();

    heap_settle();
    for (const struct block_meta *block = block_list.first; block != NULL; block = block->next)
        count_block(block->status == STATUS_ALLOC ? &totals.live : &totals.unused, block);
    if (block_list.last != NULL && block_list.last->status == STATUS_FREE)
        totals.free_end = sizeof(struct block_meta) + block_list.last->size;
    lock_leave(taken);
    totals.bytes = (totals.live.blocks + totals.unused.blocks) * sizeof(struct block_meta) +
                   totals.live.bytes + totals.unused.bytes;
    return totals;
}
