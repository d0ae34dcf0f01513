/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "block_list.h"
#include "break.h"
#include "lock.h"
#include "mistakes.h"
#include "page.h"
#include "policy.h"
#include "report.h"

/* Returns the heap block whose header or payload contains `address`; NULL if there is none, or if a
 * broken link comes before it. */
static const struct block_meta *find_around(uintptr_t address)
{
    const struct block_meta *block = block_list.first;

    while (block != NULL && (uintptr_t)block <= address) {
        const struct block_meta *next = block->next;

        if (next == NULL || (uintptr_t)next > address)
            return (uintptr_t)block == address || address < (uintptr_t)end_of(block) ? block : NULL;
        if (next <= block || !is_in_heap(next))
            return NULL;
        block = next;
    }
    return NULL;
}

_Noreturn __attribute__((cold)) void report_pointer(struct block_meta *block)
{
    /* Never waits: a signal handler may be the caller, which has interrupted the lock's owner. */
    bool taken = lock_try();
    const struct block_meta *around = find_around((uintptr_t)block);

    lock_leave(taken);
    if (around == NULL)
        report_mistake("a pointer that the allocator never returned", block + 1);
    if (around != block)
        report_mistake(around->status != STATUS_ALLOC ? "a pointer into free memory: freed twice?"
                                                      : "a pointer into the middle of a block",
                       block + 1);
    report_mistake(block->status == STATUS_FREE || is_kept(block)
                       ? "a block that is already free: freed twice?"
                       : "the header of a block was overwritten",
                   block + 1);
}

bool can_read_header(const struct block_meta *block)
{
    if (is_in_heap(block) && !break_has_passed_segments())
        return true;

    char *page = page_floor((char *)block);
    size_t length = (size_t)((char *)(block + 1) - page);
    unsigned char resident[2];
    int saved_errno = errno;
    bool mapped = mincore(page, length, resident) == 0 || errno != ENOMEM; /* or forbidden */

    errno = saved_errno;
    return mapped;
}

__attribute__((cold)) void check_pointer(struct block_meta *block)
{
    if ((uintptr_t)block % ALIGNMENT != 0)
        report_mistake("a pointer that the allocator never returned", block + 1);
    if (!can_read_header(block))
        report_mistake("a pointer to unmapped memory: a large block freed twice?", block + 1);
    if (!is_live(block) || (block->status == STATUS_ALLOC && !is_in_heap(block)))
        report_pointer(block);
    if (block->status == STATUS_MAPPED)
        return;

    bool taken = lock_enter();

    block_list_check_neighbours(block);
    lock_leave(taken);
}
