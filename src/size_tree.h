/* SPDX-License-Identifier: MIT */
/*
 * size_tree.h - free blocks of many sizes, in order of size and, among equals, of address.
 *
 * A treap: a search tree in which each block also has a priority above those under it. Priorities
 * are a hash of the address, so that the tree is as deep as one made in random order, O(log n),
 * and the same blocks always make the same tree.
 *
 *     0      8      12     16     24     32         36         40
 *     +------+------+------+------+------+----------+----------+-----
 *     | size | stat | mark | prev | next | child[0] | child[1] | ...
 *     +------+------+------+------+------+----------+----------+-----
 *                    ^^^^                 ^^^^^^^^   ^^^^^^^^
 *
 * `mark` is made of the block's address and size. A block that is reached and does not bear it was
 * written over after it was freed: the program ends with a report before anything is written to
 * the block. (A 32-bit header has no room for a mark.)
 */
#ifndef SIZE_TREE_H
#define SIZE_TREE_H

#include "link.h"

void size_tree_add(link_t *root, struct block_meta *block);
void size_tree_remove(link_t *root, struct block_meta *block);

/* The first block of at least `payload` bytes, or NULL. */
struct block_meta *size_tree_find(link_t root, size_t payload);

/* The block that follows `block` in order, or the first if that is NULL; NULL after the last. */
struct block_meta *size_tree_next(link_t root, const struct block_meta *block);

#endif
