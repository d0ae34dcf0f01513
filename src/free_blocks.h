/* SPDX-License-Identifier: MIT */
/*
 * free_blocks.h - which of the heap's blocks are free, and which of them fits best.
 *
 * The heap reports every block that becomes free or stops being so, and asks for nothing but the
 * best fit, so that the way of finding it can change without the heap's knowing. All links of the
 * index lie in the free blocks themselves.
 */
#ifndef FREE_BLOCKS_H
#define FREE_BLOCKS_H

#include "block_meta.h"

/* `block` has become free: its size and links are final until it is removed. */
void free_blocks_add(struct block_meta *block);

/* `block`, which was added, is about to be taken, merged or resized. */
void free_blocks_remove(struct block_meta *block);

/* Removes the smallest free block of at least `payload` bytes, the one at the lowest address among
 * equals; NULL if there is none. */
struct block_meta *free_blocks_take(size_t payload);

/* How many blocks are known as free. Reports the first that is not where it has to be. */
size_t free_blocks_check(void);

#endif
