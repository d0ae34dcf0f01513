/* SPDX-License-Identifier: MIT */
/*
 * heap.h - blocks in memory from sbrk().
 *
 * Payload sizes are multiples of the alignment, and small enough that the total does not overflow.
 * A function that returns NULL has set errno to ENOMEM and changed nothing.
 */
#ifndef HEAP_H
#define HEAP_H

#include "block_meta.h"

/* Returns a block of at least `payload` bytes. An empty heap first asks the system for `prealloc`
 * bytes. */
struct block_meta *heap_take(size_t payload, size_t prealloc);

/* The same, and stores how many bytes at the start of the payload may not be zero. */
struct block_meta *heap_take_noting_dirty(size_t payload, size_t prealloc, size_t *dirty);

/* Like heap_take(), with the payload at a multiple of `alignment`, a power of two above the
 * policy's. */
struct block_meta *heap_take_aligned(size_t payload, size_t alignment, size_t prealloc);

/* Frees a block. Its memory stays in the heap for later requests, and its payload as it is until
 * the next call. */
void heap_release(struct block_meta *block);

/* Makes the block that was freed last one like all other free blocks, merged and in the index. */
void heap_settle(void);

/* Resizes a block, and moves it with its contents if it can't stay. Returns its new address; NULL
 * leaves it valid and unmoved. */
struct block_meta *heap_resize(struct block_meta *block, size_t payload);

#endif
