/* SPDX-License-Identifier: MIT */
/*
 * hardened.h - blocks that give away more errors, for libosmem-preload.so with check:1.
 *
 *     a block of the heap                              a mapping
 *     +--------+----------------+------------------+   +- - -+--------+---------+------+---------+
 *     | header | what was asked | tail: key length |   |     | header | …       | tail | guard   |
 *     +--------+----------------+------------------+   +- - -+--------+---------+------+---------+
 *                                8 bytes or more        page boundary ─────────────────┘ no access
 *
 * The tail is checked when a block is freed or resized, and at exit. Freed memory waits in a
 * quarantine before it is used again. Each resize moves a block of the heap.
 *
 * Sources: the tail is the canary of StackGuard (Cowan et al., USENIX Security 1998), applied to
 * the heap; guard pages are those of Perens' Electric Fence; the quarantine is that of
 * AddressSanitizer (Serebryany et al., USENIX ATC 2012).
 */
#ifndef HARDENED_H
#define HARDENED_H

#include "block.h"

/* Return a block of `size` bytes; NULL with ENOMEM. That of 0 bytes is a mapping, too, in which
 * only the header can be accessed. */
void *hardened_take(size_t size);
void *hardened_take_zeroed(size_t size);
void *hardened_take_aligned(size_t size, size_t alignment);

/* Checks a block of the caller, and frees it. */
void hardened_release(struct block_meta *block);

/* Checks a block of the caller, and moves its contents to one of `size` bytes. */
void *hardened_resize(struct block_meta *block, size_t size);

/* Reports a block that the caller does not hold, or has written out of. Returns how many bytes the
 * caller has asked for. */
size_t hardened_size(struct block_meta *block);

/* Reports a block of the heap, live or in quarantine, that was written to out of bounds. */
void hardened_check(struct block_meta *block);

#endif
