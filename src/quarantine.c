/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "heap.h"
#include "lock.h"
#include "quarantine.h"
#include "report.h"

#define BLOCKS     4096
#define MOST_BYTES ((size_t)8 << 20) /* of blocks of the heap */
#define FILLER     0xDF              /* as a pointer, it leads nowhere */

/* So many bytes of a block are filled: the rest may never have been touched. */
#define MOST_FILLED ((size_t)128 << 10)

static struct {
    struct block_meta *slots[BLOCKS];
    size_t oldest;
    size_t count;
    size_t bytes;
} ring;

static size_t filled(const struct block_meta *block)
{
    return block->size < MOST_FILLED ? block->size : MOST_FILLED;
}

void quarantine_check(const struct block_meta *block)
{
    const unsigned char *payload = (const unsigned char *)(block + 1);

    if (payload[0] != FILLER || memcmp(payload, payload + 1, filled(block) - 1) != 0)
        report_mistake("a block was written to after it was freed", block + 1);
}

static void release_oldest(void)
{
    struct block_meta *block = ring.slots[ring.oldest];

    if (!is_kept(block))
        report_mistake("the header of a block was overwritten", block + 1);
    quarantine_check(block);
    ring.oldest = (ring.oldest + 1) % BLOCKS;
    ring.count--;
    ring.bytes -= block->size;
    heap_release(block);
}

void quarantine_release_all(void)
{
    while (ring.count > 0)
        release_oldest();
}

void quarantine_add(struct block_meta *block)
{
    bool taken = lock_enter();

    while (ring.count == BLOCKS || (ring.count > 0 && ring.bytes + block->size > MOST_BYTES))
        release_oldest();
    memset(block + 1, FILLER, filled(block));
    block->status = STATUS_KEPT;
    ring.slots[(ring.oldest + ring.count) % BLOCKS] = block;
    ring.count++;
    ring.bytes += block->size;
    lock_leave(taken);
}
