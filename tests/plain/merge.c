/* SPDX-License-Identifier: MIT */
/* merge.c - making one block of two, and two of one. */
#include "plain.h"

static bool in_pieces;

void note_gap(void)
{
    in_pieces = true;
}

/* ---- Merging -------------------------------------------------------------------------------- */

/* As long as nobody else has moved the break, what is next to each other in the list is so in
 * memory. */
static bool is_gap_behind(struct block_meta *block)
{
    return in_pieces && next_of(block) != end_of(block) && !mistake(coalesce_across_gaps);
}

bool next_is_free(struct block_meta *block)
{
    struct block_meta *next = next_of(block);

    if (next == NULL || is_gap_behind(block))
        return false;
    return is_free(next) || mistake(coalesce_ignores_status);
}

void absorb_next(struct block_meta *block)
{
    struct block_meta *next = next_of(block);

    if (is_freed_later(next, block))
        take_age(block, next);
    block->size += next->size;
    if (!mistake(coalesce_never_counts_header))
        block->size += header_size();
    take_out_next(block);
}

/* Some allocators merge a block when it is freed, and never look again. */
static bool merges_when_freed(void)
{
    return mistake(coalesce_forward_only) || mistake(coalesce_backward_only) ||
           mistake(coalesce_loses_header) || mistake(shrink_rest_not_merged) ||
           mistake(free_unknown_crashes) || mistake(realloc_merged_freed_crashes);
}

void coalesce(void)
{
    if (mistake(coalesce_never) || merges_when_freed())
        return;
    for (struct block_meta *block = first_block(); block != NULL; block = next_of(block))
        while (is_free(block) && next_is_free(block)) {
            absorb_next(block);
            if (mistake(coalesce_pairs))
                break;
        }
}

void merge_freed(struct block_meta *block)
{
    if (!merges_when_freed())
        return;

    struct block_meta *before = block_before(block);
    bool joins_before = is_free(before) && next_is_free(before);

    while (next_is_free(block) && !mistake(coalesce_backward_only)) {
        absorb_next(block);
        if (!joins_before && mistake(coalesce_loses_header))
            block->size -= header_size();
    }
    if (joins_before && !mistake(coalesce_forward_only))
        absorb_next(before);
}

/* ---- Splitting ------------------------------------------------------------------------------ */

size_t smallest_rest(void)
{
    if (mistake(split_from_header))
        return header_size();
    if (mistake(split_from_two_steps))
        return header_size() + 2 * policy.alignment;
    if (mistake(split_from_two_headers))
        return 2 * header_size();
    return header_size() + policy.smallest_rest;
}

static void make_rest(struct block_meta *block, size_t bytes)
{
    struct block_meta *rest = begin_header(end_of(block));

    rest->size = bytes - header_size();
    if (!mistake(split_leaves_status))
        set_free(rest);
    put_after(block, rest);
    if (!mistake(shrink_rest_not_merged))
        merge_freed(rest);
}

void split(struct block_meta *block, size_t payload)
{
    size_t rest = block->size - payload;
    bool splits = rest >= smallest_rest();

    if (mistake(split_leaves_whole))
        return;
    if (splits || mistake(split_never) || mistake(unsplit_rest_lost))
        block->size = payload;
    if (splits && !mistake(split_never) && !mistake(split_loses_rest))
        make_rest(block, rest);
}
