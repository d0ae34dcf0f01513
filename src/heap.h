/* SPDX-License-Identifier: MIT */
/*
 * heap.h - the blocks that live between the start of the heap and the break.
 *
 * A payload's size is given in bytes, a multiple of the alignment, such that its total does not
 * overflow. Functions that return NULL have set errno to ENOMEM and changed nothing.
 */
#ifndef HEAP_H
#define HEAP_H

#include "block_meta.h"

/* A block of at least `payload` bytes. An empty heap asks the system for `prealloc` bytes first. */
struct block_meta *heap_take(size_t payload, size_t prealloc);

/* The same, with a payload at a multiple of `alignment`, a power of two above the policy's. */
struct block_meta *heap_take_aligned(size_t payload, size_t alignment, size_t prealloc);

/* Gives back a block; it stays with the program, for later requests. */
void heap_release(struct block_meta *block);

/* Changes the size of a block, moving it with its contents if it can't stay. Returns where it is
 * then. NULL leaves it valid and unmoved. */
struct block_meta *heap_resize(struct block_meta *block, size_t payload);

#endif
