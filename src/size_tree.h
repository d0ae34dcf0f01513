/* SPDX-License-Identifier: MIT */
/*
 * size_tree.h - free blocks of many sizes, in order of size and, among equals, of address.
 *
 * A treap: a search tree in which each block also has a priority above those under it. Priorities
 * are a hash of the address, so that the tree is as deep as one made in random order, O(log n),
 * and the same blocks always make the same tree. Payloads have room for whole pointers:
 *
 *     header | child[0] | child[1] | mark | ...
 *
 * `mark` is made of the block's address. A block that is reached and does not bear it was written
 * over after it was freed: the program ends with a report before anything is written to the block.
 */
#ifndef SIZE_TREE_H
#define SIZE_TREE_H

#include "block.h"

#define SIZE_TREE_ROOM (3 * sizeof(void *)) /* the payload that a block of the tree needs */

void size_tree_add(struct block_meta **root, struct block_meta *block);
void size_tree_remove(struct block_meta **root, struct block_meta *block);

/* The first block of at least `payload` bytes, or NULL. */
struct block_meta *size_tree_find(struct block_meta *root, size_t payload);

/* The block that follows `block` in order, or the first if that is NULL; NULL after the last. */
struct block_meta *size_tree_next(struct block_meta *root, const struct block_meta *block);

#endif
