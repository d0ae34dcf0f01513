/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "block_list.h"
#include "break.h"
#include "guard.h"
#include "hardened.h"
#include "quarantine.h"
#include "report.h"
#include "requests.h"

#define LENGTH_SIZE sizeof(uint32_t)
#define LEAST_TAIL  (2 * LENGTH_SIZE)

/* ---- Tails ---------------------------------------------------------------------------------- */

/* No byte of the key is 0, which is the byte that most often overflows: the end of a string. */
static uint32_t key_of(const struct block_meta *block)
{
    uint64_t mixed = (block_secret ^ (uintptr_t)block) * UINT64_C(0xBF58476D1CE4E5B9);

    return (uint32_t)(mixed >> 32) | UINT32_C(0x01010101);
}

static unsigned char key_byte(uint32_t key, size_t index)
{
    return (unsigned char)(key >> index % sizeof(key) * 8);
}

static char *length_of(const struct block_meta *block)
{
    return end_of(block) - LENGTH_SIZE;
}

static void write_tail(struct block_meta *block, size_t size)
{
    uint32_t key = key_of(block);
    uint32_t length = (uint32_t)(block->size - size) ^ key;
    unsigned char *tail = (unsigned char *)(block + 1) + size;

    for (size_t i = 0; i < block->size - size - LENGTH_SIZE; i++)
        tail[i] = key_byte(key, i);
    memcpy(length_of(block), &length, LENGTH_SIZE);
}

/* Returns the length of the tail, itself included; 0 if it was overwritten. */
static size_t read_tail(const struct block_meta *block)
{
    uint32_t key = key_of(block);
    uint32_t length;

    memcpy(&length, length_of(block), LENGTH_SIZE);
    length ^= key;
    if (length < LEAST_TAIL || length > block->size)
        return 0;

    const unsigned char *tail = (unsigned char *)end_of(block) - length;

    for (size_t i = 0; i < length - LENGTH_SIZE; i++)
        if (tail[i] != key_byte(key, i))
            return 0;
    return length;
}

/* Reports a block whose tail was overwritten. Returns its size. */
static size_t intact_size(const struct block_meta *block)
{
    if (block->size == 0)
        return 0; /* its guard is enough */

    size_t tail = read_tail(block);

    if (tail == 0)
        report_mistake("the memory behind a block was overwritten", block + 1);
    return block->size - tail;
}

/* ---- Requests ------------------------------------------------------------------------------- */

static bool add_tail(size_t size, size_t *payload)
{
    if (size <= SIZE_MAX - LEAST_TAIL)
        return align_request(size + LEAST_TAIL, payload);
    errno = ENOMEM;
    return false;
}

/* Stores how many bytes at the start of the payload may not be zero. */
static void *take_in_heap(size_t size, size_t payload, size_t alignment, size_t *dirty)
{
    size_t prealloc = policy()->prealloc_malloc;
    bool taken = lock_enter();
    struct block_meta *block = alignment <= policy()->alignment
                                   ? heap_take_noting_dirty(payload, prealloc, dirty)
                                   : heap_take_aligned(payload, alignment, prealloc);

    if (block != NULL) {
        seal(block);
        write_tail(block, size);
    }
    lock_leave(taken);
    return payload_of(block);
}

static void *take_once(size_t size, size_t alignment, size_t *dirty)
{
    struct block_meta *block;
    size_t payload;

    *dirty = 0;
    if (size == 0 && take_mapped(0, alignment, 0, &block))
        return payload_of(block);
    if (!add_tail(size, &payload))
        return NULL;
    if (!take_mapped(payload, alignment, policy()->mmap_threshold, &block))
        return take_in_heap(size, payload, alignment, dirty);
    write_tail(block, size);
    return block + 1;
}

/* If the system refuses, what waits in quarantine may be enough. */
static void *take(size_t size, size_t alignment, size_t *dirty)
{
    int saved_errno = errno;
    void *bytes = take_once(size, alignment, dirty);

    if (bytes != NULL)
        return bytes;

    bool taken = lock_enter();

    quarantine_release_all();
    guard_release_all();
    lock_leave(taken);
    errno = saved_errno;
    return take_once(size, alignment, dirty);
}

void *hardened_take_aligned(size_t size, size_t alignment)
{
    size_t dirty;

    return take(size, alignment, &dirty);
}

void *hardened_take(size_t size)
{
    return hardened_take_aligned(size, policy()->alignment);
}

void *hardened_take_zeroed(size_t size)
{
    size_t dirty;
    void *bytes = take(size, policy()->alignment, &dirty);

    return bytes == NULL ? NULL : memset(bytes, 0, dirty < size ? dirty : size);
}

/* ---- Blocks of the caller ------------------------------------------------------------------- */

size_t hardened_size(struct block_meta *block)
{
    if (!is_in_heap(block) || break_has_passed_segments())
        guard_expect_not_kept(block);
    expect_block(block);
    return intact_size(block);
}

static void release(struct block_meta *block)
{
    if (block->status == STATUS_MAPPED)
        mapping_release(block);
    else
        quarantine_add(block);
}

void hardened_release(struct block_meta *block)
{
    hardened_size(block);
    release(block);
}

/* Keeps the pages: a copy of a large block would fill memory that the program has never used.
 * Returns NULL if they can't be kept. */
static void *resize_hardened_mapping(struct block_meta *block, size_t size, size_t old)
{
    size_t payload;
    int saved_errno = errno;

    if (!add_tail(size, &payload))
        return NULL;
    memset((char *)(block + 1) + old, 0, block->size - old);

    struct block_meta *resized = mapping_resize(block, payload);

    if (resized == NULL) {
        write_tail(block, old);
        errno = saved_errno;
    } else {
        write_tail(resized, size);
    }
    return payload_of(resized);
}

void *hardened_resize(struct block_meta *block, size_t size)
{
    size_t old = hardened_size(block);
    void *moved = NULL;

    if (block->status == STATUS_MAPPED && old != 0 && is_large(size, policy()->mmap_threshold))
        moved = resize_hardened_mapping(block, size, old);
    if (moved != NULL)
        return moved;
    moved = hardened_take(size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, block + 1, old < size ? old : size);
    release(block);
    return moved;
}

void hardened_check(struct block_meta *block)
{
    if (is_kept(block))
        quarantine_check(block);
    else
        intact_size(block);
}
