/* SPDX-License-Identifier: MIT */
/* sizes.c - how large a block is, and whether it goes to the heap or becomes a mapping. */
#include "plain.h"

size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t round_up(size_t size, size_t step)
{
    return (size + step - 1) / step * step;
}

size_t header_size(void)
{
    return sizeof(struct block_meta) - (mistake(header_24_bytes) ? sizeof(void *) : 0);
}

size_t align(size_t size)
{
    if (mistake(align_never))
        return size;
    if (mistake(align_to_16))
        return round_up(size, 16);
    if (mistake(size_as_int))
        return (size_t)(int)round_up(size, policy.alignment);
    return round_up(size, policy.alignment);
}

bool overflows(size_t size)
{
    size_t largest = SIZE_MAX - header_size();

    if (mistake(overflow_unchecked))
        return false;
    if (!mistake(overflow_before_rounding))
        largest -= policy.alignment - 1;
    if (mistake(size_refused_unasked))
        largest = SIZE_MAX / 2 - SIZE_PAGE - 1;
    if (size <= largest)
        return false;
    if (!mistake(errno_not_set_for_size))
        errno = ENOMEM;
    return true;
}

static size_t total_of(size_t size)
{
    return align(size) + header_size();
}

static bool malloc_maps(size_t size, size_t threshold)
{
    if (mistake(threshold_exclusive))
        return total_of(size) > threshold;
    if (mistake(threshold_one_step_early))
        return total_of(size) + policy.alignment >= threshold;
    if (mistake(threshold_without_header))
        return size >= threshold;
    if (mistake(malloc_threshold_without_rounding))
        return size + header_size() >= threshold;
    return total_of(size) >= threshold;
}

static bool calloc_maps(size_t size, size_t threshold)
{
    if (mistake(calloc_threshold_exclusive))
        return total_of(size) > threshold;
    if (mistake(calloc_threshold_one_step_early))
        return total_of(size) + policy.alignment >= threshold;
    if (mistake(calloc_threshold_without_header))
        return size >= threshold - 16;
    if (mistake(threshold_without_rounding))
        return size + header_size() >= threshold;
    if (mistake(calloc_threshold_signed))
        return (intptr_t)total_of(size) >= (intptr_t)threshold;
    return total_of(size) >= threshold;
}

static bool realloc_maps(size_t size, size_t threshold)
{
    if (mistake(realloc_threshold_exclusive))
        return total_of(size) > threshold;
    if (mistake(realloc_threshold_one_step_early))
        return total_of(size) + policy.alignment >= threshold;
    if (mistake(realloc_threshold_without_header))
        return size >= threshold;
    if (mistake(realloc_threshold_without_rounding))
        return size + header_size() >= threshold;
    return total_of(size) >= threshold;
}

size_t threshold_of(enum caller caller)
{
    switch (caller) {
    case CALLOC:
        return mistake(threshold_of_malloc_for_calloc) ? policy.mmap_threshold
                                                       : policy.calloc_threshold;
    case REALLOC:
        return mistake(threshold_page_for_realloc) ? policy.calloc_threshold
                                                   : policy.mmap_threshold;
    default:
        return mistake(threshold_page_for_malloc) ? policy.calloc_threshold : policy.mmap_threshold;
    }
}

bool is_large(size_t size, enum caller caller)
{
    size_t threshold = threshold_of(caller);

    if (mistake(size_as_int))
        return (int)total_of(size) >= (int)threshold;
    switch (caller) {
    case CALLOC:
        return calloc_maps(size, threshold);
    case REALLOC:
        return realloc_maps(size, threshold);
    default:
        return malloc_maps(size, threshold);
    }
}
