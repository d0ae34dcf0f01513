/* SPDX-License-Identifier: MIT */
/*
 * inspect.c - os_malloc_check() and os_malloc_stats(), which read the heap.
 */
#include <unistd.h>

#include "block_list.h"
#include "free_blocks.h"
#include "hardened.h"
#include "heap.h"
#include "lock.h"
#include "mapping.h"
#include "osmem.h"
#include "policy.h"
#include "printf.h"
#include "report.h"
#include "totals.h"

static bool is_adjacent(const struct block_meta *block, const struct block_meta *next)
{
    return (const char *)next == end_of(block);
}

/* Uses only the address of the next block, which is not checked yet. */
static void check_size(const struct block_meta *block)
{
    uintptr_t end = block->next == NULL ? block_list.end : (uintptr_t)block->next;

    if (block->size < ALIGNMENT || block->size % ALIGNMENT != 0 ||
        block->size > end - (uintptr_t)(block + 1))
        report_mistake("the size of a block was overwritten", block + 1);
    if (block->next == NULL && (uintptr_t)end_of(block) != end)
        report_mistake("the last block does not end at the end of the heap", block + 1);
}

static void check_status(struct block_meta *block)
{
    const struct block_meta *next = block->next;

    int status = __atomic_load_n(&block->status, __ATOMIC_RELAXED);

    if (status != STATUS_FREE && !is_used(block, status))
        report_mistake("the header of a block was overwritten", block + 1);
    if (status != STATUS_FREE && policy_is_hardened())
        hardened_check(block);
    if (policy()->merge == MERGE_WHEN_FREE && block->status == STATUS_FREE && next != NULL &&
        next->status == STATUS_FREE && is_adjacent(block, next))
        report_mistake("two adjacent free blocks were not merged", block + 1);
}

static void check_heap(void)
{
    size_t free_blocks = 0;

    for (struct block_meta *block = block_list.first; block != NULL; block = block->next) {
        if (!is_in_heap(block))
            report_mistake("a link leads out of the heap", block);
        if (block->next != NULL && block->next <= block)
            report_mistake("the blocks of the heap are out of order", block + 1);
        check_size(block);
        block_list_check_neighbours(block);
        check_status(block);
        free_blocks += block->status == STATUS_FREE;
    }
    if (free_blocks_check() != free_blocks)
        report_mistake("the index does not hold all free blocks", block_list.first);
}

API void os_malloc_check(void)
{
    bool taken = lock_enter();

    heap_settle();
    check_heap();
    lock_leave(taken);
}

API void os_malloc_stats(void)
{
    struct heap_totals heap = heap_totals();
    struct mapping_totals mapped = mapping_totals();
    struct totals unused = heap.unused;
    size_t scattered =
        unused.bytes == 0 ? 0 : 100 - (size_t)(UINT64_C(100) * unused.largest / unused.bytes);

    dprintf_(STDERR_FILENO,
             "heap           %14zu bytes  %10zu blocks\n"
             "  live         %14zu bytes  %10zu blocks\n"
             "  free         %14zu bytes  %10zu blocks, the largest of %zu bytes\n"
             "  fragmentation           %3zu %%      of the free bytes are not in the largest\n"
             "mappings       %14zu bytes  %10zu blocks\n",
             heap.bytes, heap.live.blocks + unused.blocks, heap.live.bytes, heap.live.blocks,
             unused.bytes, unused.blocks, unused.largest, scattered, mapped.bytes, mapped.count);
}

/* The last chance to detect overwritten memory. */
__attribute__((destructor)) static void check_at_exit(void)
{
    if (policy_is_known && policy()->check)
        os_malloc_check();
}
