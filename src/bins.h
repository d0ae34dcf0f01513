/* SPDX-License-Identifier: MIT */
/*
 * bins.h - the free blocks of up to 4096 bytes: a bin for each size.
 *
 *     words       0 0 0 1 0 0 … 1                a bit for each bin that has a block
 *                       │       │
 *     bins      8 … 536 544 …   4096 bytes       a pairing heap each: one size, by address
 *
 * A bit scan finds the smallest bin that fits, and the best block is at its top.
 */
#ifndef BINS_H
#define BINS_H

#include "pairing.h"

#define BINS_MAX 4096 /* bytes */

#define BIN_UNIT  8
#define BINS      (BINS_MAX / BIN_UNIT + 1)
#define WORD_BITS 64
#define WORDS     ((BINS + WORD_BITS - 1) / WORD_BITS)

struct bins {
    uint64_t words[WORDS + 1]; /* the last one is where every search ends */
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
    size_t bin = block->size / BIN_UNIT;

    mark_bin(bin);
    pairing_add(&bins.tops[bin], block);
}

static inline void bins_remove(struct block_meta *block)
{
    size_t bin = block->size / BIN_UNIT;

    pairing_remove(&bins.tops[bin], block);
    unmark_if_empty(bin);
}

/* The same from the word at `at` on. */
size_t bins_find_from(size_t at);

/* The smallest size of at least `payload` bytes, at most BINS_MAX, of which there is a block; more
 * than BINS_MAX if there is none. */
static inline size_t bins_find(size_t payload)
{
    size_t at = payload / BIN_UNIT / WORD_BITS;
    size_t bit = payload / BIN_UNIT % WORD_BITS;
    uint64_t ahead = bins.words[at] >> bit | bins.words[at + 1] << 1 << (WORD_BITS - 1 - bit);

    if (UNLIKELY(ahead == 0))
        return bins_find_from(at + 1);
    return payload + (size_t)__builtin_ctzll(ahead) * BIN_UNIT;
}

/* Removes the block of `size` bytes at the lowest address; there is one. */
static inline struct block_meta *bins_take(size_t size)
{
    size_t bin = size / BIN_UNIT;
    struct block_meta *block = pairing_take(&bins.tops[bin]);

    if (UNLIKELY(block->size != size))
        report_overwritten_links(block);
    unmark_if_empty(bin);
    return block;
}

/* The block that bins_take() would remove. */
struct block_meta *bins_lowest(size_t size);

/* How many blocks there are. Reports the first that is not where it has to be. */
size_t bins_check(void);

#endif
