/* SPDX-License-Identifier: MIT */
/* heap.c - finding a block in the heap, and making the heap larger where there is none. */
#include <unistd.h>

#include "plain.h"

static char *heap_end; /* the break as our own last growth has left it */
static struct block_meta *served_last;
static char *taken_to; /* where the memory that was taken last ends: next fit searches on there */

/* ---- Searching ------------------------------------------------------------------------------ */

static bool fits(struct block_meta *block, size_t payload)
{
    if (mistake(fit_not_exact))
        return block->size > payload;
    if (mistake(fit_with_header))
        return block->size >= payload + header_size();
    if (mistake(search_bounded_by_threshold))
        return block->size >= payload && block->size - payload < policy.mmap_threshold;
    return block->size >= payload;
}

static bool is_behind(struct block_meta *block)
{
    return (char *)payload_of(block) >= taken_to;
}

/* Whether the policy takes `block` rather than `best`, which lies lower. */
static bool is_preferred(struct block_meta *block, struct block_meta *best)
{
    if (policy.fit == BEST && block->size != best->size)
        return block->size < best->size;
    if (policy.fit == WORST && block->size != best->size)
        return block->size > best->size;
    if (policy.fit == NEXT)
        return is_behind(block) && !is_behind(best);
    return policy.order == LIFO && is_freed_later(block, best);
}

static bool fits_better(struct block_meta *block, struct block_meta *best)
{
    if (best == NULL)
        return true;
    if (mistake(fit_first))
        return false;
    if (mistake(fit_last))
        return true;
    if (mistake(fit_worst))
        return block->size > best->size;
    if (mistake(fit_last_of_equals) && block->size == best->size)
        return true;
    if (mistake(fit_first_of_large) && block->size >= policy.mmap_threshold / 2)
        return false;
    return is_preferred(block, best);
}

struct block_meta *find_free(size_t payload)
{
    struct block_meta *best = NULL;

    if (free_blocks_are_hidden())
        return NULL;
    for (struct block_meta *block = first_block(); block != NULL; block = next_of(block))
        if (is_free(block) && fits(block, payload) && fits_better(block, best))
            best = block;
    return best;
}

/* ---- The break ------------------------------------------------------------------------------ */

bool heap_exists(void)
{
    return heap_end != NULL;
}

void *ask_break(size_t bytes)
{
    if (mistake(grow_in_pages))
        bytes = round_up(bytes, SIZE_PAGE);

    void *start = sbrk((intptr_t)bytes);

    if (start == (void *)-1 && !mistake(refusal_unchecked)) {
        note_refusal(mistake(sbrk_errno) ? EAGAIN : ENOMEM);
        return NULL;
    }
    heap_end = sbrk(0);
    return start;
}

/* How far the break is below a multiple of the alignment: someone else may have moved it. */
static size_t padding_at_break(void)
{
    return -(uintptr_t)sbrk(0) % policy.alignment;
}

bool ends_at_break(struct block_meta *block)
{
    if (block == NULL || block != last_block())
        return false;
    return (heap_end == sbrk(0) && padding_at_break() == 0) || mistake(grow_trusts_break);
}

/* ---- Growth --------------------------------------------------------------------------------- */

static struct block_meta *make_block(size_t bytes, size_t padding)
{
    char *end_before = heap_end;
    char *start = ask_break(bytes);

    if (start == NULL)
        return NULL;
    if (end_before != NULL && end_before != start + padding)
        note_gap();

    struct block_meta *block = begin_header(start + padding);

    block->size = (bytes - padding - header_size()) / policy.alignment * policy.alignment;
    block->status = STATUS_ALLOC;
    return block;
}

struct block_meta *append(size_t bytes, size_t padding)
{
    struct block_meta *block = make_block(bytes, padding);

    if (block != NULL)
        put_last(block);
    return block;
}

static struct block_meta *append_for(size_t payload)
{
    size_t padding = padding_at_break();
    size_t bytes = padding + header_size() + payload;

    if (mistake(appended_block_not_linked) && first_block() != NULL)
        return make_block(bytes, padding);
    return append(bytes, padding);
}

bool extend(struct block_meta *last, size_t payload)
{
    size_t lacking = payload - last->size;

    if (mistake(state_before_refusal)) {
        last->size = payload;
        last->status = STATUS_ALLOC;
    }
    if (ask_break(lacking) == NULL && !mistake(extend_unchecked))
        return false;
    last->size = payload;
    return true;
}

static bool never_extends(void)
{
    if (mistake(realloc_mapping_to_heap_never_extends) && moving != NULL)
        return moving->status == STATUS_MAPPED;
    if (mistake(realloc_move_never_extends))
        return moving_past_free;
    return mistake(grow_never_extends);
}

static struct block_meta *extend_free(struct block_meta *last, size_t payload)
{
    size_t size = last->size;

    if (mistake(grow_by_whole_request))
        last->size = 0;
    if (!extend(last, payload))
        return NULL;
    if (mistake(realloc_extend_not_recorded) && moving != NULL)
        last->size = size;
    if (!mistake(extended_block_stays_free))
        last->status = STATUS_ALLOC;
    if (mistake(tail_moved_on_extend))
        take_for_last(last + 1);
    return last;
}

static struct block_meta *extend_block_before_last(struct block_meta *block, size_t payload)
{
    if (ask_break(payload - block->size + header_size()) == NULL)
        return NULL;
    block->size = payload;
    block->status = STATUS_ALLOC;
    return block;
}

static struct block_meta *grow(size_t payload)
{
    struct block_meta *last = last_block();

    if (mistake(grow_by_preallocation)) {
        struct block_meta *block = append(policy.mmap_threshold, 0);

        if (block != NULL)
            split(block, payload);
        return block;
    }
    if (mistake(realloc_extends_before_last) && moving != NULL && is_free(block_before(last)))
        return extend_block_before_last(block_before(last), payload);
    if (mistake(grow_takes_served_for_last) && served_last != last)
        return append_for(payload);
    if (is_free(last) && ends_at_break(last) && !never_extends())
        return extend_free(last, payload);
    return append_for(payload);
}

/* ---- The heap's first request --------------------------------------------------------------- */

bool preallocate(enum caller caller)
{
    size_t bytes = caller == CALLOC ? policy.prealloc_calloc : policy.prealloc_malloc;

    if (bytes == 0 && !mistake(preallocate_page_for_malloc) &&
        !mistake(preallocate_much_for_calloc))
        return true;
    if (mistake(preallocate_header_too))
        bytes += header_size();
    if (mistake(preallocate_page_too))
        bytes += SIZE_PAGE;
    if (mistake(preallocate_page_for_malloc) && caller != CALLOC)
        bytes = SIZE_PAGE;
    if (mistake(preallocate_much_for_calloc) && caller == CALLOC)
        bytes = policy.mmap_threshold;

    size_t padding = padding_at_break();

    if (bytes - padding < header_size() + policy.alignment)
        return ask_break(bytes) != NULL;

    struct block_meta *block = append(bytes, padding);

    if (block != NULL)
        set_free(block);
    return block != NULL;
}

static bool preallocates(enum caller caller)
{
    static bool asked[2];
    bool of_calloc = caller == CALLOC;
    bool first_of_function = !asked[of_calloc];
    bool first = !asked[0] && !asked[1];

    asked[of_calloc] = true;
    if (mistake(preallocate_never))
        return false;
    if (mistake(no_preallocation_after_mapping) && mappings_alive() > 0)
        return false;
    if (mistake(preallocate_per_function))
        return first_of_function;
    if (mistake(preallocated_before_refusal))
        return first;
    return !heap_exists();
}

/* 32 times too far away. */
static void misplace_rest(struct block_meta *block)
{
    struct block_meta *rest = next_of(block);
    struct block_meta *misplaced = block + header_size() + block->size;
    size_t size = rest->size;

    take_out_next(block);
    misplaced->size = size;
    misplaced->status = STATUS_FREE;
    put_after(block, misplaced);
}

static void split_preallocation(struct block_meta *block, size_t payload, enum caller caller)
{
    size_t rest = block->size - payload;
    size_t total = payload + header_size();
    bool near_page =
        caller == CALLOC && total > policy.calloc_threshold - header_size() - policy.alignment;

    if (mistake(preallocate_whole) || (mistake(preallocate_unsplit_near_page) && near_page))
        return;
    if (mistake(preallocate_rest_lost) ||
        (mistake(preallocate_rest_lost_after_mapping) && mappings_made() > 0) ||
        (mistake(unsplit_rest_forgotten_first) && rest < smallest_rest())) {
        block->size = payload;
        return;
    }
    split(block, payload);
    if (rest < smallest_rest())
        return;
    if (mistake(preallocate_rest_counts_its_header))
        next_of(block)->size += header_size();
    if (mistake(preallocate_rest_misplaced))
        misplace_rest(block);
}

/* ---- The heap's end ------------------------------------------------------------------------- */

void trim(void)
{
    if (policy.trim == 0)
        return;
    if (policy.merge == WHEN_FREE)
        coalesce();

    struct block_meta *last = last_block();

    if (!is_free(last) || !ends_at_break(last) || header_size() + last->size < policy.trim)
        return;

    int saved_errno = errno;

    take_out(last); /* its header may be gone with the memory */
    if (sbrk(-(intptr_t)(header_size() + last->size)) == (void *)-1)
        put_last(last);
    else
        heap_end = first_block() == NULL ? NULL : (char *)end_of(last_block());
    errno = saved_errno;
}

/* ---- A block for a request ------------------------------------------------------------------ */

static struct block_meta *find_or_grow(size_t payload, enum caller caller)
{
    bool first = preallocates(caller);

    if (first && !preallocate(caller))
        return NULL;

    bool at_need = policy.merge == AT_NEED || mistake(coalesce_when_full);

    if (!at_need)
        coalesce();

    struct block_meta *block = find_free(payload);

    if (block == NULL && at_need) {
        coalesce();
        block = find_free(payload);
    }
    if (block == NULL)
        return grow(payload);
    block->status = STATUS_ALLOC;
    if (first)
        split_preallocation(block, payload, caller);
    else
        split(block, payload);
    return block;
}

struct block_meta *take_from_heap(size_t payload, enum caller caller)
{
    if (mistake(heap_never_grows) || heap_is_disabled())
        return NULL;

    struct block_meta *block = find_or_grow(payload, caller);

    if (block != NULL) {
        served_last = block;
        taken_to = (char *)payload_of(block) + payload;
    }
    return block;
}
