/* SPDX-License-Identifier: MIT */
/*
 * The index of the free blocks.
 *
 *     summary   0 1 0 0 0 0 0 0 1                a bit for each word that has one
 *                 │
 *     words       0 0 0 1 0 0 … 1                a bit for each bin that has a block
 *                       │       │
 *     bins      8 … 536 544 …   4096 bytes       a pairing heap each: one size, by address
 *
 *     large                                      a tree: sizes above, by size and address
 *     out of reach                               a walk: the blocks that the bins can't link
 *
 * Two bit scans find the smallest bin that fits, and the best block is at its top.
 */
#include "free_blocks.h"
#include "pairing.h"
#include "report.h"
#include "size_tree.h"

#define UNIT      8
#define SMALL_MAX 4096
#define BINS      (SMALL_MAX / UNIT + 1)
#define WORD_BITS 64
#define WORDS     ((BINS + WORD_BITS - 1) / WORD_BITS)

static link_t bins[BINS];
static uint64_t words[WORDS];
static uint64_t summary;
static link_t large;

_Static_assert(WORDS <= WORD_BITS, "the summary is one word");

/* ---- Small sizes ---------------------------------------------------------------------------- */

static inline bool is_small(size_t payload)
{
    return payload <= SMALL_MAX;
}

static inline bool has_bin(const struct block_meta *block)
{
    return is_small(block->size) && pairing_can_hold(block);
}

static inline void mark_bin(size_t bin)
{
    words[bin / WORD_BITS] |= UINT64_C(1) << bin % WORD_BITS;
    summary |= UINT64_C(1) << bin / WORD_BITS;
}

static inline void unmark_bin(size_t bin)
{
    words[bin / WORD_BITS] &= ~(UINT64_C(1) << bin % WORD_BITS);
    if (words[bin / WORD_BITS] == 0)
        summary &= ~(UINT64_C(1) << bin / WORD_BITS);
}

/* The smallest bin that has a block and fits; BINS if there is none. */
static inline size_t find_bin(size_t payload)
{
    size_t bin = payload / UNIT;
    size_t at = bin / WORD_BITS;
    uint64_t word = words[at] >> bin % WORD_BITS << bin % WORD_BITS;

    if (word == 0) {
        uint64_t above = summary >> at >> 1 << 1 << at;

        if (above == 0)
            return BINS;
        at = (size_t)__builtin_ctzll(above);
        word = words[at];
    }
    return at * WORD_BITS + (size_t)__builtin_ctzll(word);
}

/* ---- Out of reach --------------------------------------------------------------------------- */

/*
 * A link reaches 32 GiB, and on a 32-bit machine three do not fit 8 bytes. Such blocks are found by
 * walking over the heap, from a block below which there are none of them.
 */
static size_t outside_count;
static struct block_meta *outside_lowest;

static inline bool is_outside(const struct block_meta *block)
{
    return is_small(block->size) ? !pairing_can_hold(block) : !can_link_to(block);
}

static void add_outside(struct block_meta *block)
{
    if (outside_count++ == 0 || block < outside_lowest)
        outside_lowest = block;
}

static void remove_outside(struct block_meta *block)
{
    outside_count--;
    if (block == outside_lowest)
        outside_lowest = block->next;
}

static struct block_meta *find_outside(size_t payload)
{
    struct block_meta *best = NULL;

    for (struct block_meta *block = outside_lowest; block != NULL; block = block->next) {
        if (block->status != STATUS_FREE || block->size < payload || !is_outside(block))
            continue;
        if (best == NULL || block->size < best->size)
            best = block;
        if (best->size == payload)
            break;
    }
    return best;
}

/* ---- All of them ---------------------------------------------------------------------------- */

/* Kept out of the functions below so that those need to save no register. */
static __attribute__((noinline)) void add_without_bin(struct block_meta *block)
{
    if (is_outside(block))
        add_outside(block);
    else
        size_tree_add(&large, block);
}

static __attribute__((noinline)) void remove_without_bin(struct block_meta *block)
{
    if (is_outside(block))
        remove_outside(block);
    else
        size_tree_remove(&large, block);
}

void free_blocks_add(struct block_meta *block)
{
    if (!has_bin(block)) {
        add_without_bin(block);
        return;
    }

    size_t bin = block->size / UNIT;

    pairing_add(&bins[bin], block);
    mark_bin(bin);
}

static inline void remove_from_bin(size_t bin, struct block_meta *block)
{
    if (pairing_is_leaf(block)) {
        pairing_remove_leaf(&bins[bin], block);
        if (bins[bin] == 0)
            unmark_bin(bin);
    } else {
        pairing_remove_parent(&bins[bin], block);
    }
}

void free_blocks_remove(struct block_meta *block)
{
    if (has_bin(block))
        remove_from_bin(block->size / UNIT, block);
    else
        remove_without_bin(block);
}

/* The best fit where it may be in the tree or out of reach. */
static __attribute__((noinline)) struct block_meta *find_anywhere(size_t payload, size_t bin)
{
    struct block_meta *best =
        bin < BINS ? pairing_lowest(bins[bin]) : size_tree_find(large, payload);

    if (outside_count == 0)
        return best;

    struct block_meta *other = find_outside(payload);

    if (best == NULL || (other != NULL && other->size < best->size))
        return other;
    return other != NULL && other->size == best->size && other < best ? other : best;
}

struct block_meta *free_blocks_take(size_t payload)
{
    size_t bin = is_small(payload) ? find_bin(payload) : BINS;
    struct block_meta *block;

    if (bin < BINS && outside_count == 0) {
        block = pairing_lowest(bins[bin]);
        remove_from_bin(bin, block);
        return block;
    }
    block = find_anywhere(payload, bin);
    if (block != NULL)
        free_blocks_remove(block);
    return block;
}

size_t free_blocks_check(void)
{
    size_t count = outside_count;

    for (size_t bin = 0; bin < BINS; bin++) {
        bool marked = words[bin / WORD_BITS] >> bin % WORD_BITS & 1;

        if (marked != (bins[bin] != 0))
            report_mistake("the index was written over", &bins[bin]);
        count += pairing_check(bins[bin], bin * UNIT);
    }
    for (struct block_meta *block = NULL; (block = size_tree_next(large, block)) != NULL;)
        count++;
    return count;
}
