/* SPDX-License-Identifier: MIT */
#include "block_list.h"
#include "report.h"

struct block_list block_list;

OUTLINE void block_list_check_next(const struct block_meta *block)
{
    const struct block_meta *next = block->next;
    bool is_sound = next == NULL
                        ? block == block_list.last && (uintptr_t)end_of(block) == block_list.end
                        : is_in_heap(next) && next > block && next->prev == block &&
                              block->size <= (uintptr_t)next - (uintptr_t)(block + 1);

    if (!is_sound)
        report_mistake("the header of a block, or of the next one, was overwritten", block + 1);
}

OUTLINE void block_list_check_previous(const struct block_meta *block)
{
    const struct block_meta *previous = block->prev;

    if (previous == NULL ? block != block_list.first
                         : !is_in_heap(previous) || previous->next != block)
        report_mistake("the header of a block, or of the previous one, was overwritten", block + 1);
}

void block_list_check_neighbours(const struct block_meta *block)
{
    block_list_check_previous(block);
    block_list_check_next(block);
}

static void update_extent(void)
{
    if (block_list.last == NULL) {
        block_list = (struct block_list){0};
        return;
    }

    uintptr_t start = (uintptr_t)block_list.first;

    block_list.end = (uintptr_t)end_of(block_list.last);
    block_list.units = (block_list.end - start - sizeof(struct block_meta)) >> UNIT_BITS;
    block_list.origin = start - UNIT;
}

void block_list_append(struct block_meta *block)
{
    block->prev = block_list.last;
    block->next = NULL;
    if (block_list.last == NULL)
        block_list.first = block;
    else
        block_list.last->next = block;
    block_list.last = block;
    update_extent();
}

void block_list_extend_last(size_t payload)
{
    block_list.last->size = payload;
    update_extent();
}

void block_list_remove_last(void)
{
    block_list_check_previous(block_list.last);
    block_list.last = block_list.last->prev;
    if (block_list.last != NULL)
        block_list.last->next = NULL;
    update_extent();
}
