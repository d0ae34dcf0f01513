/* SPDX-License-Identifier: MIT */
/*
 * mapping.h - blocks too large for the heap: each is a mapping of its own.
 */
#ifndef MAPPING_H
#define MAPPING_H

#include "block_meta.h"

/* A new block with `payload` bytes, all zero, and sealed; NULL and ENOMEM if the system refuses.
 * `payload` is aligned, and its total does not overflow. */
struct block_meta *mapping_take(size_t payload);

struct mapping_totals {
    size_t count;
    size_t bytes;
};

/* What is mapped now. */
struct mapping_totals mapping_totals(void);

/* Gives the block back to the system. */
void mapping_release(struct block_meta *block);

#endif
