/* SPDX-License-Identifier: MIT */
/*
 * mapping.h - blocks too large for the heap, each in its own mapping.
 */
#ifndef MAPPING_H
#define MAPPING_H

#include "block_meta.h"

/* Returns a new, sealed block of `payload` bytes, all zero; NULL with ENOMEM if the system refuses.
 * `payload` must be aligned, and its total must not overflow. */
struct block_meta *mapping_take(size_t payload);

struct mapping_totals {
    size_t count;
    size_t bytes;
};

/* Returns how many blocks are mapped now, and their bytes with headers. */
struct mapping_totals mapping_totals(void);

/* Unmaps a block. */
void mapping_release(struct block_meta *block);

#endif
