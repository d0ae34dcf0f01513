/* SPDX-License-Identifier: MIT */
/*
 * bins.h - free blocks of up to 4096 bytes, in one bin per size.
 *
 *     words       0 0 0 1 0 0 … 1                one bit per bin, set if it holds a block
 *                       │       │
 *     bins      8 … 536 544 …   4096 bytes       one pairing heap per size, ordered by address
 *
 * A bit scan finds the smallest bin that fits. Its best block is at the top.
 */
#ifndef BINS_H
#define BINS_H

#include "pairing.h"

#define BINS_MAX 4096 /* bytes */

#define BINS      (BINS_MAX / UNIT + 1)
#define WORD_BITS 64
#define WORDS     ((BINS + WORD_BITS - 1) / WORD_BITS)

struct bins {
    uint64_t words[WORDS + 1]; /* the last one is never 0: it ends every search */
    link_t tops[BINS];
};

INTERNAL struct bins bins;

static inline void mark_bin(size_t bin)
{
    bins.words[bin / WORD_BITS] |= UINT64_C(1) << bin % WORD_BITS;
}

static inline void unmark_if_empty(size_t bin)
{
    uint64_t is_empty = bins.tops[bin] == 0;

    bins.words[bin / WORD_BITS] &= ~(is_empty << bin % WORD_BITS);
}

static inline void bins_add(struct block_meta *block)
{
    size_t bin = block->size / UNIT;

    mark_bin(bin);
    pairing_add(&bins.tops[bin], block);
}

static inline void bins_remove(struct block_meta *block)
{
    size_t bin = block->size / UNIT;

    pairing_remove(&bins.tops[bin], block);
    unmark_if_empty(bin);
}

/* Finds the first bin with a block, from word `at` on. Returns BINS or more if there is none. */
size_t bins_find_from(size_t at);

/* Finds the bin of the smallest blocks of at least `payload` bytes, which must be at most BINS_MAX.
 * Returns BINS or more if there is none. */
static inline size_t bins_find(size_t payload)
{
    size_t bin = payload / UNIT;
    size_t at = bin / WORD_BITS;
    size_t bit = bin % WORD_BITS;
    uint64_t ahead = bins.words[at] >> bit | bins.words[at + 1] << 1 << (WORD_BITS - 1 - bit);

    if (UNLIKELY(ahead == 0))
        return bins_find_from(at + 1);
    return bin + (unsigned)__builtin_ctzll(ahead);
}

/* Removes the block at the lowest address from a bin, which must not be empty. */
static inline struct block_meta *bins_take(size_t bin)
{
    struct block_meta *block = pairing_take(&bins.tops[bin]);

    if (UNLIKELY(block->size != bin * UNIT))
        report_overwritten_links(block);
    unmark_if_empty(bin);
    return block;
}

/* Returns the block that bins_take() would remove. */
struct block_meta *bins_lowest(size_t bin);

/* Counts the blocks. Reports the first one that is out of place. */
size_t bins_check(void);

#endif
