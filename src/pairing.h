/* SPDX-License-Identifier: MIT */
/*
 * pairing.h - free blocks of one size, the one at the lowest address first.
 *
 * A pairing heap: a tree in which each block lies below all blocks under it. The children of a
 * block are a list. Adding a block compares it with the root, and one of the two becomes the first
 * child of the other; only where a block is removed are its children paired up, which is amortised
 * O(log n). Two or three blocks are touched where a search tree would touch one in each level, and
 * among a million blocks each of them is a cache miss.
 *
 *                 root ─┐                  A free block on a 64-bit machine:
 *                 0x20  │ child
 *              ┌────────┘                   0      8      12     16     24     32      36
 *              v                            +------+------+------+------+------+-------+---------+
 *            0x900 ◀─────▶ 0x140 ◀─────▶ …  | size | stat | back | prev | next | child | sibling |
 *              │    back/     │             +------+------+------+------+------+-------+---------+
 *              v    sibling   v                            ^^^^                  ^^^^^    ^^^^^^^
 *            0xa00          0x300
 *
 * `back` of a first child is its parent. Links are 32 bits long, so that all three fit the smallest
 * payload: they count 8 bytes each from the heap's start, and reach 32 GiB. Comparing two links
 * compares two addresses. Where the header has no room for `back` it follows `sibling`.
 *
 * Every link is checked against the one that points the other way before anything is written
 * through it: a block that was written over after it was freed ends the program with a report.
 */
#ifndef PAIRING_H
#define PAIRING_H

#include "block.h"

/* Of a root, too. 0 is none. */
typedef uint32_t link_t;

/* Whether the links of blocks can reach `block`, and it has room for its own. */
bool pairing_can_hold(const struct block_meta *block);

void pairing_add(link_t *root, struct block_meta *block);
void pairing_remove(link_t *root, struct block_meta *block);

/* The block at the lowest address; the heap is not empty. */
struct block_meta *pairing_lowest(link_t root);

/* How many blocks the heap holds, all of `size` bytes; reports the first that is not as it has to
 * be. */
size_t pairing_check(link_t root, size_t size);

#endif
