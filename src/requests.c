/* SPDX-License-Identifier: MIT */
#include "requests.h"
#include "report.h"

struct block_meta *take_locked(size_t payload, size_t prealloc)
{
    bool taken = lock_enter();
    struct block_meta *block = take_and_seal(payload, prealloc);

    lock_leave(taken);
    return block;
}

bool take_mapped(size_t payload, size_t alignment, size_t threshold, struct block_meta **block)
{
    bool is_plain = alignment <= policy()->alignment && !policy_is_hardened();
    int saved_errno = errno;

    if (!is_for_mapping(payload > alignment ? payload : alignment, threshold))
        return false;
    *block = is_plain ? mapping_take(payload) : mapping_take_aligned(payload, alignment);
    if (*block != NULL || !policy()->extended)
        return true;
    errno = saved_errno;
    return false;
}

void release_locked(struct block_meta *block)
{
    bool taken = lock_enter();

    heap_release(block);
    lock_leave(taken);
}

void expect_block(struct block_meta *block)
{
    if (policy()->check)
        check_pointer(block);
    else if ((block->status != STATUS_FREE || policy()->extended) && !is_live(block))
        report_pointer(block);
    if (block->status == STATUS_MAPPED && (block->prev != NULL || block->next != NULL))
        report_mistake("the header of a block was overwritten", block + 1);
}
