/* SPDX-License-Identifier: MIT */
/*
 * mapping.h - blocks too large for the heap, each in its own mapping.
 *
 * A header lies in the first page of its mapping: at the start, unless the payload is aligned.
 */
#ifndef MAPPING_H
#define MAPPING_H

#include <stdbool.h>

#include "block_meta.h"

/* Whether the policy allows one more mapping. */
bool mapping_is_allowed(void);

/* Returns a new, sealed block of `payload` bytes, all zero; NULL with ENOMEM if the system refuses.
 * `payload` must be aligned, and its total must not overflow. */
struct block_meta *mapping_take(size_t payload);

/* The same, with the payload at a multiple of `alignment`, a power of two. */
struct block_meta *mapping_take_aligned(size_t payload, size_t alignment);

/* Resizes a block, and moves it without a copy if it can't stay. Returns its new address; NULL with
 * ENOMEM leaves it valid and unmoved. */
struct block_meta *mapping_resize(struct block_meta *block, size_t payload);

struct mapping_totals {
    size_t count;
    size_t bytes;
};

/* Returns how many blocks are mapped now, and their bytes with headers. */
struct mapping_totals mapping_totals(void);

/* Unmaps a block. */
void mapping_release(struct block_meta *block);

#endif
