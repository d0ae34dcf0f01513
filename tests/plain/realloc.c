/* SPDX-License-Identifier: MIT */
/* realloc.c - os_realloc: what becomes of a block whose size changes. */
#include <string.h>

#include "osmem.h"
#include "plain.h"

/* Where no value is returned, the program gets what happens to be there. */
#define GARBAGE ((void *)(uintptr_t)0xbad)

struct block_meta *moving;
bool moving_past_free;

/* ---- Moving --------------------------------------------------------------------------------- */

/* Copying reads more than a mapping has: it crashes beyond the mapping's last page. */
static void read_mapping(struct block_meta *block, size_t bytes)
{
    size_t total = header_size() + block->size;

    if (header_size() + bytes > round_up(total, SIZE_PAGE))
        crash();
}

/* How much of the `contents` bytes of a mapping moves with it to a block of `payload` bytes. */
static size_t bytes_of_mapping(size_t contents, size_t payload)
{
    if (mistake(realloc_mapping_copies_nothing))
        return 0;
    if (mistake(realloc_copies_new_size))
        return payload;
    if (mistake(realloc_mapping_copies_header_more))
        return smaller(contents + header_size(), payload);
    if (mistake(realloc_copies_old_size))
        return contents;
    return smaller(contents, payload);
}

/* The same for a block of the heap. */
static size_t bytes_of_heap_block(size_t contents, size_t payload)
{
    if (mistake(realloc_copies_nothing))
        return 0;
    if (mistake(realloc_copies_new_size_of_heap_block))
        return payload;
    if (mistake(realloc_copies_64_kib))
        return smaller(smaller(contents, payload), 64 * 1024);
    return smaller(contents, payload);
}

static void copy(struct block_meta *moved, struct block_meta *block, size_t contents, size_t size)
{
    bool mapped = block->status == STATUS_MAPPED;
    size_t payload = align(size);
    size_t bytes =
        mapped ? bytes_of_mapping(contents, payload) : bytes_of_heap_block(contents, payload);

    if (mistake(realloc_copies_too_little))
        bytes -= smaller(bytes, header_size());
    if (mistake(realloc_copies_header_too_much))
        bytes += header_size();
    else if (mapped)
        read_mapping(block, bytes);
    memmove(payload_of(moved), payload_of(block), bytes);
}

static void *replace(struct block_meta *block, struct block_meta *moved, size_t contents,
                     size_t size, bool leaks)
{
    if (moved == NULL)
        return NULL;
    copy(moved, block, contents, size);
    if (!leaks)
        give_back(payload_of(block));
    return payload_of(moved);
}

/* ---- A mapping ------------------------------------------------------------------------------ */

static bool keeps_mapping(struct block_meta *block, size_t payload)
{
    if (mistake(realloc_keeps_mapping))
        return payload <= block->size;
    return mistake(realloc_keeps_mapping_of_same_size) && payload == block->size;
}

/* Cuts a mapping where it is; its tail, where it is large enough, becomes a free block. */
static void split_mapping(struct block_meta *block, size_t payload)
{
    size_t rest = block->size - payload;

    if (rest < smallest_rest())
        return;
    block->size = payload;

    struct block_meta *remainder = end_of(block);

    remainder->size = rest - header_size();
    remainder->status = STATUS_FREE;
    note_gap();
    put_first(remainder);
}

/* The mistakes that leave a mapping where it is, cut or grown; false if it moves. */
static bool resize_mapping_in_place(struct block_meta *block, size_t payload)
{
    bool grows = payload > block->size;
    bool small = block->size < policy.mmap_threshold;

    if (keeps_mapping(block, payload))
        return true;
    if (mistake(realloc_splits_mapping) && !grows) {
        split_mapping(block, payload);
        return true;
    }
    if (mistake(calloc_mapping_shrinks_as_heap_block) && !grows && small) {
        block->size = payload;
        block->status = STATUS_ALLOC;
        return true;
    }
    if (mistake(realloc_mapping_to_4096_cut_in_place) && !grows && payload == SIZE_PAGE) {
        block->size = payload;
        return true;
    }
    if (mistake(realloc_mapping_takes_neighbour) && grows && next_is_free(block) &&
        block->size + header_size() + next_of(block)->size >= payload) {
        absorb_next(block);
        split(block, payload);
        return true;
    }
    return false;
}

static struct block_meta *new_preallocation(size_t payload)
{
    struct block_meta *block = append(policy.mmap_threshold, 0);

    if (block != NULL)
        block->size = payload;
    return block;
}

static struct block_meta *block_outside_the_list(size_t payload)
{
    struct block_meta *block = ask_break(policy.mmap_threshold);

    if (block != NULL) {
        block->size = payload;
        block->status = STATUS_ALLOC;
    }
    return block;
}

static struct block_meta *place_for_mapping(struct block_meta *block, size_t size)
{
    size_t payload = align(size);
    bool grows = payload > block->size;

    if (mistake(realloc_growing_mapping_maps) && grows)
        return take_mapping(payload);
    if (mistake(realloc_mapping_preallocates) && !grows && !is_large(size, MALLOC))
        return new_preallocation(payload);
    if (mistake(realloc_shrinking_mapping_takes_new_preallocation) && !grows)
        return block_outside_the_list(payload);
    if (mistake(realloc_small_mapping_grows_crashes) && grows && !is_large(size, MALLOC))
        crash();
    moving = block;

    struct block_meta *moved = take(size, MALLOC);

    moving = NULL;
    return moved;
}

static void *resize_mapping(struct block_meta *block, size_t size)
{
    size_t contents = block->size;

    if (mistake(realloc_mapping_of_exactly_128_KiB_gives_garbage) &&
        contents + header_size() == policy.mmap_threshold)
        return GARBAGE;
    if (resize_mapping_in_place(block, align(size)))
        return payload_of(block);

    struct block_meta *moved = place_for_mapping(block, size);

    if (moved == NULL && mistake(realloc_failure_frees))
        unmap(block);
    return replace(block, moved, contents, size, mistake(realloc_leaks_mapping));
}

/* ---- A block of the heap -------------------------------------------------------------------- */

static void *move_to_mapping(struct block_meta *block, size_t size)
{
    bool freed = mistake(realloc_refusal_frees) || mistake(realloc_frees_first);

    if (freed)
        give_back(payload_of(block));
    return replace(block, take_mapping(align(size)), block->size, size,
                   freed || mistake(realloc_leaks_moved_block));
}

/* `contents` bytes of `block` are in use; it may have taken in neighbours behind them. */
static void *move(struct block_meta *block, size_t contents, size_t size)
{
    bool freed = mistake(realloc_frees_first);
    bool leaks = mistake(realloc_leaks_heap_block) && block->size > contents;

    if (mistake(realloc_gives_neighbours_back))
        split(block, contents);
    if (freed)
        give_back(payload_of(block));
    moving = block;
    moving_past_free = block->size > contents;

    struct block_meta *moved = take(size, MALLOC);

    moving = NULL;
    moving_past_free = false;
    if (leaks || (moved == NULL && !freed && !mistake(realloc_refusal_keeps_neighbours)))
        split(block, contents);
    if (moved == NULL && !freed && mistake(realloc_refused_move_frees))
        give_back(payload_of(block));
    return replace(block, moved, contents, size,
                   freed || leaks || mistake(realloc_leaks_moved_block));
}

static void *keep(struct block_meta *block, size_t size)
{
    record_size(block, size);
    return payload_of(block);
}

static size_t size_to_keep(size_t size)
{
    return mistake(realloc_splits_unrounded) ? size : align(size);
}

static void *shrink(struct block_meta *block, size_t size)
{
    size_t payload = align(size);

    if (mistake(realloc_room_counts_header) && payload > block->size)
        return payload_of(block);

    size_t rest = block->size - payload;

    if (mistake(realloc_moves_if_unsplittable) && rest > 0 && rest < smallest_rest())
        return move(block, block->size, size);
    while (mistake(realloc_shrink_takes_neighbours) && next_is_free(block))
        absorb_next(block);
    if (!mistake(realloc_never_shrinks))
        split(block, size_to_keep(size));
    return keep(block, size);
}

/* Whether `block` is the heap's last one and can grow at the break. */
static bool can_extend(struct block_meta *block, size_t payload)
{
    return payload > block->size && ends_at_break(block) && !mistake(realloc_never_extends);
}

static void *extend_in_place(struct block_meta *block, size_t size)
{
    if (mistake(realloc_last_not_grown))
        return payload_of(block);
    if (mistake(realloc_extends_by_whole_size))
        block->size = 0;
    return extend(block, align(size)) ? keep(block, size) : NULL;
}

static bool takes_neighbours(struct block_meta *block, size_t payload)
{
    size_t room = block->size;

    for (struct block_meta *at = block; next_is_free(at); at = next_of(at))
        room += header_size() + next_of(at)->size;
    if (mistake(realloc_exact_neighbour_missed))
        return room != payload;
    return !mistake(realloc_takes_no_neighbours);
}

static void absorb_neighbours(struct block_meta *block, size_t payload)
{
    while (next_is_free(block)) {
        size_t taken = next_of(block)->size;

        if (mistake(neighbours_one_at_a_time) && block->size >= payload)
            return;
        absorb_next(block);
        if (mistake(realloc_wrong_neighbour_counted) && next_of(block) != NULL)
            block->size += next_of(block)->size - taken;
        if (mistake(realloc_takes_one_neighbour))
            return;
    }
}

static void split_grown(struct block_meta *block, size_t size)
{
    size_t rest = block->size - align(size);

    if (mistake(realloc_grows_unsplit))
        return;
    if (mistake(realloc_grow_split_late) && rest < smallest_rest() + header_size())
        return;
    split(block, size_to_keep(size));
}

static void *enlarge(struct block_meta *block, size_t size)
{
    size_t payload = align(size);
    size_t contents = block->size;

    if (mistake(realloc_next_free_unchanged) && next_is_free(block))
        return payload_of(block);
    if (can_extend(block, payload))
        return extend_in_place(block, size);
    if (mistake(realloc_grow_into_header) && next_is_free(block) &&
        payload - contents <= header_size()) {
        absorb_next(block);
        block->size = contents;
        return payload_of(block);
    }
    if (takes_neighbours(block, payload))
        absorb_neighbours(block, payload);
    if (mistake(realloc_extends_after_merging) && can_extend(block, payload))
        return extend_in_place(block, size);
    if (block->size < payload)
        return move(block, contents, size);
    split_grown(block, size);
    return keep(block, size);
}

static bool has_room(struct block_meta *block, size_t size)
{
    size_t room = block->size;

    if (mistake(realloc_room_counts_header))
        room += header_size();
    return align(size) <= room;
}

static void *resize_heap_block(struct block_meta *block, size_t size)
{
    bool large = is_large(size, REALLOC) && !mistake(realloc_never_maps);

    if (mistake(realloc_heap_unchanged) && !large)
        return payload_of(block);
    if (mistake(realloc_judges_mapping_by_size) && has_room(block, size) &&
        block->size + header_size() > policy.mmap_threshold)
        return move(block, block->size, size);
    if (mistake(realloc_fits_before_threshold) && has_room(block, size))
        return shrink(block, size);
    if (large)
        return move_to_mapping(block, size);
    if (mistake(realloc_always_moves) && align(size) != block->size)
        return move(block, block->size, size);
    return has_room(block, size) ? shrink(block, size) : enlarge(block, size);
}

/* ---- os_realloc ----------------------------------------------------------------------------- */

static void *resize_freed(struct block_meta *block, size_t size)
{
    if (mistake(realloc_merged_freed_crashes) && !is_listed(block))
        crash();
    if (mistake(realloc_maps_freed) && is_large(size, REALLOC))
        return os_malloc(size);
    if (mistake(realloc_maps_freed) && align(size) == block->size)
        return payload_of(block);
    return NULL;
}

/* The mistakes of returning a block at once, whatever it is. */
static bool stays(struct block_meta *block, size_t size)
{
    if (mistake(same_size_compared_unrounded))
        return size == block->size;
    return mistake(same_size_stays) && align(size) == block->size;
}

static void *resize(struct block_meta *block, size_t size)
{
    if (block->status == STATUS_MAPPED)
        return resize_mapping(block, size);

    void *result = resize_heap_block(block, size);

    if (result != NULL)
        trim();

    return mistake(realloc_heap_no_value) ? GARBAGE : result;
}

void *os_realloc(void *ptr, size_t size)
{
    if (ptr == NULL)
        return mistake(realloc_null) ? NULL : os_malloc(size);
    if (size == 0) {
        if (!mistake(realloc_zero_keeps))
            os_free(ptr);
        return NULL;
    }

    struct block_meta *block = block_of(ptr);

    if (stays(block, size))
        return ptr;
    if (is_free(block) && !mistake(realloc_revives))
        return resize_freed(block, size);
    if (!overflows(size))
        return resize(block, size);
    if (mistake(realloc_overflow_frees))
        os_free(ptr);
    return NULL;
}
