/* SPDX-License-Identifier: MIT */
/*
 * mistakes.h - the mistakes of ../mistakes.toml, which says what each of them is.
 *
 * mistake(split_never) asks whether "split-never" shall be made.
 */
#ifndef MISTAKES_H
#define MISTAKES_H

#include <stdbool.h>

#include "mistake.h"

#ifndef MISTAKE
#define MISTAKE ""
#endif

/* clang-format off */
#define MISTAKES(X) \
    X(align_never) \
    X(align_to_16) \
    X(header_24_bytes) \
    X(sizes_stored_unrounded) \
    X(malloc_zero_block) \
    X(calloc_zero_block) \
    X(overflow_unchecked) \
    X(overflow_before_rounding) \
    X(size_as_int) \
    X(size_refused_unasked) \
    X(threshold_exclusive) \
    X(threshold_one_step_early) \
    X(threshold_without_header) \
    X(malloc_threshold_without_rounding) \
    X(threshold_page_for_malloc) \
    X(threshold_gap) \
    X(threshold_without_header_where_free) \
    X(large_served_from_heap) \
    X(calloc_threshold_exclusive) \
    X(calloc_threshold_one_step_early) \
    X(calloc_threshold_without_header) \
    X(threshold_without_rounding) \
    X(threshold_of_malloc_for_calloc) \
    X(calloc_threshold_signed) \
    X(realloc_never_maps) \
    X(realloc_threshold_exclusive) \
    X(realloc_threshold_one_step_early) \
    X(realloc_threshold_without_header) \
    X(realloc_threshold_without_rounding) \
    X(threshold_page_for_realloc) \
    X(realloc_fits_before_threshold) \
    X(mmap_in_pages) \
    X(munmap_never) \
    X(munmap_payload_only) \
    X(munmap_in_pages) \
    X(second_mapping_crashes) \
    X(unmapped_head_dangles) \
    X(calloc_mapping_uninitialised) \
    X(mapped_in_heap_list) \
    X(freed_mapping_stays_in_list) \
    X(unmapped_tail_dangles) \
    X(mapped_after_free_heap) \
    X(mapping_first_disables_heap) \
    X(mapping_replaces_heap_list) \
    X(preallocate_never) \
    X(preallocate_for_mapping) \
    X(preallocate_per_function) \
    X(preallocate_header_too) \
    X(preallocate_page_too) \
    X(preallocate_whole) \
    X(preallocate_page_for_malloc) \
    X(preallocate_much_for_calloc) \
    X(preallocate_rest_lost) \
    X(preallocate_rest_lost_after_mapping) \
    X(preallocate_rest_counts_its_header) \
    X(preallocate_rest_misplaced) \
    X(preallocate_unsplit_near_page) \
    X(unsplit_rest_forgotten_first) \
    X(no_preallocation_after_mapping) \
    X(preallocated_before_refusal) \
    X(heap_never_grows) \
    X(grow_by_preallocation) \
    X(grow_in_pages) \
    X(grow_never_extends) \
    X(grow_by_whole_request) \
    X(grow_takes_served_for_last) \
    X(extended_block_stays_free) \
    X(appended_block_not_linked) \
    X(tail_moved_on_extend) \
    X(search_bounded_by_threshold) \
    X(grow_trusts_break) \
    X(refusal_unchecked) \
    X(refusal_ends_program) \
    X(extend_unchecked) \
    X(state_before_refusal) \
    X(sbrk_errno) \
    X(fit_first) \
    X(fit_last) \
    X(fit_worst) \
    X(fit_first_of_large) \
    X(fit_not_exact) \
    X(fit_with_header) \
    X(fit_last_of_equals) \
    X(split_never) \
    X(split_leaves_whole) \
    X(split_loses_rest) \
    X(split_leaves_status) \
    X(split_cuts_list) \
    X(split_leaves_tail_behind) \
    X(split_from_header) \
    X(split_from_two_steps) \
    X(split_from_two_headers) \
    X(unsplit_rest_lost) \
    X(coalesce_never) \
    X(coalesce_pairs) \
    X(coalesce_forward_only) \
    X(coalesce_backward_only) \
    X(coalesce_when_full) \
    X(coalesce_loses_header) \
    X(coalesce_never_counts_header) \
    X(coalesce_ignores_status) \
    X(coalesce_across_gaps) \
    X(calloc_not_cleared) \
    X(calloc_clears_one_element) \
    X(calloc_overflow_unchecked) \
    X(calloc_overflow_compared) \
    X(calloc_refusal_crashes) \
    X(free_never) \
    X(free_null) \
    X(free_moves_break) \
    X(free_twice) \
    X(free_twice_ends_program) \
    X(free_merged_twice) \
    X(free_unknown_crashes) \
    X(realloc_null) \
    X(realloc_zero_keeps) \
    X(same_size_stays) \
    X(same_size_compared_unrounded) \
    X(realloc_revives) \
    X(realloc_maps_freed) \
    X(realloc_merged_freed_crashes) \
    X(realloc_overflow_frees) \
    X(realloc_heap_unchanged) \
    X(realloc_heap_no_value) \
    X(realloc_never_shrinks) \
    X(realloc_moves_if_unsplittable) \
    X(realloc_splits_unrounded) \
    X(realloc_shrink_takes_neighbours) \
    X(realloc_room_counts_header) \
    X(realloc_judges_mapping_by_size) \
    X(shrink_rest_not_merged) \
    X(realloc_never_extends) \
    X(realloc_last_not_grown) \
    X(realloc_extends_by_whole_size) \
    X(realloc_extends_after_merging) \
    X(realloc_takes_no_neighbours) \
    X(realloc_takes_one_neighbour) \
    X(realloc_exact_neighbour_missed) \
    X(realloc_next_free_unchanged) \
    X(realloc_wrong_neighbour_counted) \
    X(realloc_grows_unsplit) \
    X(realloc_grow_split_late) \
    X(realloc_grow_into_header) \
    X(neighbours_one_at_a_time) \
    X(realloc_always_moves) \
    X(realloc_gives_neighbours_back) \
    X(realloc_move_never_extends) \
    X(realloc_extends_before_last) \
    X(realloc_extend_not_recorded) \
    X(realloc_leaks_heap_block) \
    X(realloc_leaks_moved_block) \
    X(realloc_frees_first) \
    X(realloc_refusal_keeps_neighbours) \
    X(realloc_refusal_frees) \
    X(realloc_refused_move_frees) \
    X(realloc_copies_nothing) \
    X(realloc_copies_too_little) \
    X(realloc_copies_64_kib) \
    X(realloc_copies_new_size_of_heap_block) \
    X(realloc_copies_header_too_much) \
    X(realloc_keeps_mapping) \
    X(realloc_keeps_mapping_of_same_size) \
    X(realloc_splits_mapping) \
    X(realloc_growing_mapping_maps) \
    X(realloc_small_mapping_grows_crashes) \
    X(calloc_mapping_shrinks_as_heap_block) \
    X(realloc_mapping_of_exactly_128_KiB_gives_garbage) \
    X(realloc_mapping_to_4096_cut_in_place) \
    X(realloc_mapping_preallocates) \
    X(realloc_shrinking_mapping_takes_new_preallocation) \
    X(realloc_mapping_takes_neighbour) \
    X(realloc_mapping_to_heap_never_extends) \
    X(realloc_leaks_mapping) \
    X(realloc_failure_frees) \
    X(realloc_mapping_copies_nothing) \
    X(realloc_mapping_copies_header_more) \
    X(realloc_copies_new_size) \
    X(realloc_copies_old_size) \
    X(errno_not_set) \
    X(errno_not_set_for_size) \
    X(errno_cleared)
/* clang-format on */

#pragma GCC visibility push(hidden)

#define IDENTIFIER(name) MISTAKE_##name,
enum { MISTAKES(IDENTIFIER) MISTAKE_COUNT };
#undef IDENTIFIER

extern bool mistakes_made[MISTAKE_COUNT];

#ifndef mistake
#define mistake(name) mistakes_made[MISTAKE_##name]
#endif

/* Makes the mistakes of these names, with commas between them; `source` is who names them. */
void make_mistakes(const char *source, const char *names);

/* What following a pointer to nowhere does. */
void crash(void);

#pragma GCC visibility pop

#endif
