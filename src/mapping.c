/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "block.h"
#include "mapping.h"

static struct mapping_totals totals;

static void count(size_t blocks, size_t bytes)
{
    __atomic_fetch_add(&totals.count, blocks, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals.bytes, bytes, __ATOMIC_RELAXED);
}

struct mapping_totals mapping_totals(void)
{
    struct mapping_totals now = {
        .count = __atomic_load_n(&totals.count, __ATOMIC_RELAXED),
        .bytes = __atomic_load_n(&totals.bytes, __ATOMIC_RELAXED),
    };

    return now;
}

struct block_meta *mapping_take(size_t payload)
{
    struct block_meta *block = mmap(NULL, payload + sizeof(*block), PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (block == MAP_FAILED) {
        errno = ENOMEM;
        return NULL;
    }
    *block = (struct block_meta){.size = payload, .status = STATUS_MAPPED};
    seal(block);
    count(1, payload + sizeof(*block));
    return block;
}

void mapping_release(struct block_meta *block)
{
    int saved_errno = errno;

    count(-(size_t)1, -(block->size + sizeof(*block)));
    /* Unmapping the middle of a merged area can fail if the kernel has no area descriptor left.
     * os_free() can't report that: the memory stays with the process. */
    munmap(block, block->size + sizeof(*block));
    errno = saved_errno;
}
