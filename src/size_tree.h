/* SPDX-License-Identifier: MIT */
/*
 * size_tree.h - free blocks of many sizes, ordered by size and then by address.
 *
 * A treap: a search tree in which each block has a higher priority than its children. The priority
 * is a hash of the address. The tree is therefore as deep as one built in random order, O(log n),
 * and the same blocks always form the same tree.
 *
 *     0      8      12     16     24     32         36         40
 *     +------+------+------+------+------+----------+----------+-----
 *     | size | stat | mark | prev | next | child[0] | child[1] | ...
 *     +------+------+------+------+------+----------+----------+-----
 *                    ^^^^                 ^^^^^^^^   ^^^^^^^^
 *
 * Links to children count units from the origin of links, in 40 bits, of which 8 lie beside the
 * mark. They reach 8 TiB.
 *
 * `mark` is a hash of the address and size of the block. A block without its mark was overwritten
 * after it was freed: the program ends with a report before anything is written to the block. A
 * 32-bit header has no room for a mark.
 */
#ifndef SIZE_TREE_H
#define SIZE_TREE_H

#include "link.h"

/* Whether a link can lead to `block`. */
bool size_tree_reaches(const struct block_meta *block);

void size_tree_add(struct block_meta **root, struct block_meta *block);
void size_tree_remove(struct block_meta **root, struct block_meta *block);

/* Whether the tree holds this block and no other. */
bool size_tree_is_only(struct block_meta *root, struct block_meta *block);

/* Returns the first block of at least `payload` bytes, or NULL. */
struct block_meta *size_tree_find(struct block_meta *root, size_t payload);

/* Returns the successor of `block`, or the first block if that is NULL; NULL after the last. */
struct block_meta *size_tree_next(struct block_meta *root, const struct block_meta *block);

#endif
