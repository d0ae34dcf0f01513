/* SPDX-License-Identifier: MIT */
/*
 * block.h - a block in memory (see block_meta.h for the header).
 *
 * On a 64-bit machine, the header has 4 spare bytes after `status`, which hold
 *
 *     in a live block    its seal: a hash of its address, size, status and a secret, which gives
 *                        away an overwritten header and a pointer that the allocator never returned
 *     in a free block    data of the index (see pairing.h and size_tree.h)
 */
#ifndef BLOCK_H
#define BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attributes.h"
#include "block_meta.h"

#define HAS_SPARE                                                                                  \
    (offsetof(struct block_meta, prev) - offsetof(struct block_meta, status) >=                    \
     sizeof(int) + sizeof(uint32_t))

/* Payload sizes, and distances between headers in the heap, are multiples of a unit. */
#define UNIT_BITS 3
#define UNIT      (1 << UNIT_BITS)

/* One more status: freed by the program, but kept from the heap for a while. The block keeps the
 * seal of a live one. */
#define STATUS_KEPT 3

static inline char *end_of(const struct block_meta *block)
{
    return (char *)(block + 1) + block->size;
}

static inline uint32_t *spare_of(struct block_meta *block)
{
    return (uint32_t *)((char *)block + offsetof(struct block_meta, status) + sizeof(int));
}

/* Random bits, different in each process, so that a program that was made to write headers can't
 * seal them. */
INTERNAL uint64_t block_secret;

/* Must be called before a block is sealed. Has no effect after that. */
void block_choose_secret(void);

/* The multiplier is 2^64 divided by the golden ratio: Knuth, The Art of Computer Programming,
 * volume 3, section 6.4. */
static inline uint32_t seal_with(const struct block_meta *block, int status)
{
    uint64_t mixed = ((uint64_t)block->size ^ block_secret) * UINT64_C(0x9E3779B97F4A7C15);

    return (uint32_t)(mixed >> 32) ^ (uint32_t)((uintptr_t)block >> 3) ^ (uint32_t)status;
}

static inline uint32_t seal_for(const struct block_meta *block)
{
    return seal_with(block, block->status);
}

/* Seals a block. Call this last: the seal covers other fields of the header, and setting `status`
 * may overwrite the spare bytes. */
static inline void seal(struct block_meta *block)
{
#if HEADER_MAGIC
    block->magic = HEADER_MAGIC;
#endif
    if (HAS_SPARE)
        *spare_of(block) = seal_for(block);
}

static inline bool is_sealed(struct block_meta *block)
{
    return !HAS_SPARE || *spare_of(block) == seal_for(block);
}

/* Whether `block` looks like one that the program holds. */
static inline bool is_live(struct block_meta *block)
{
    return (block->status == STATUS_ALLOC || block->status == STATUS_MAPPED) && is_sealed(block);
}

/* Whether `block`, with this status, is a block of the heap that is not free. */
static inline bool is_used(struct block_meta *block, int status)
{
    return (status == STATUS_ALLOC || status == STATUS_KEPT) &&
           (!HAS_SPARE || *spare_of(block) == seal_with(block, STATUS_ALLOC));
}

static inline bool is_kept(struct block_meta *block)
{
    return block->status == STATUS_KEPT && is_used(block, STATUS_KEPT);
}

#endif
