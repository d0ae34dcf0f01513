/* SPDX-License-Identifier: MIT */
/*
 * verify.c - checks the addresses and contents of blocks.
 *
 * Each block is filled with a pattern of its own, which is checked when the block is resized or
 * freed, and at the end. Two blocks that overlap can't both keep theirs.
 */
#include "passes.h"
#include "table.h"

#define ALIGNMENT 8

struct block {
    unsigned char *bytes; /* NULL if not allocated */
    size_t size;
    uint64_t mark; /* selects the pattern: the number, from 1, of the operation that filled it */
};

/* Scatters the bits of the mark, so that no part of a pattern occurs in another one. */
static unsigned char pattern(uint64_t mark, size_t index)
{
    return (unsigned char)((mark * 0x9e3779b97f4a7c15) >> (index % 8 * 8));
}

static void fill(struct block *block, uint64_t mark)
{
    block->mark = mark;
    for (size_t i = 0; i < block->size; i++)
        block->bytes[i] = pattern(mark, i);
}

static void check_contents(const struct block *block, size_t size, const struct play *play,
                           struct result *result)
{
    for (size_t i = 0; i < size; i++)
        if (block->bytes[i] != pattern(block->mark, i))
            fail(result, "expected the block of line %zu to keep its bytes, found byte %zu changed",
                 play->workload.operations[block->mark - 1].line, i);
}

static void check_address(const unsigned char *bytes, struct result *result)
{
    if (bytes == NULL)
        fail(result, "expected a block, found NULL");
    if ((uintptr_t)bytes % ALIGNMENT != 0)
        fail(result, "expected an address that is a multiple of %d, found %p", ALIGNMENT,
             (const void *)bytes);
}

static void allocate(struct block *block, const struct play *play, struct result *result)
{
    block->size = result->at->size;
    block->bytes = play->allocator.allocate(block->size);
    check_address(block->bytes, result);
}

static void resize(struct block *block, const struct play *play, struct result *result)
{
    size_t size = result->at->size;
    size_t kept = size < block->size ? size : block->size;

    check_contents(block, block->size, play, result);
    block->bytes = play->allocator.resize(block->bytes, size);
    block->size = size;
    check_address(block->bytes, result);
    check_contents(block, kept, play, result);
}

static void release(struct block *block, const struct play *play, struct result *result)
{
    check_contents(block, block->size, play, result);
    play->allocator.release(block->bytes);
    block->bytes = NULL;
}

void verify(const struct play *play, struct result *result)
{
    const struct workload *workload = &play->workload;
    struct block *blocks = make_table(workload->ids, sizeof(*blocks));

    for (size_t i = 0; i < workload->count; i++) {
        result->at = &workload->operations[i];
        struct block *block = &blocks[result->at->id];

        switch (result->at->kind) {
        case ALLOCATE:
            allocate(block, play, result);
            fill(block, i + 1);
            break;
        case RESIZE:
            resize(block, play, result);
            fill(block, i + 1);
            break;
        case RELEASE:
            release(block, play, result);
            break;
        }
    }
    result->at = NULL;
    for (size_t id = 0; id < workload->ids; id++)
        if (blocks[id].bytes != NULL)
            release(&blocks[id], play, result);
}
