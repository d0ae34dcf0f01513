/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "block.h"
#include "mapping.h"
#include "page.h"
#include "policy.h"

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

bool mapping_is_allowed(void)
{
    return mapping_totals().count < policy()->max_mappings;
}

/* Returns `bytes` bytes of new memory; NULL with ENOMEM. */
static void *map(size_t bytes)
{
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (start != MAP_FAILED)
        return start;
    errno = ENOMEM;
    return NULL;
}

static struct block_meta *make_block(void *address, size_t payload)
{
    struct block_meta *block = address;

    *block = (struct block_meta){.size = payload, .status = STATUS_MAPPED};
    seal(block);
    count(1, payload + sizeof(*block));
    return block;
}

struct block_meta *mapping_take(size_t payload)
{
    void *start = map(payload + sizeof(struct block_meta));

    return start == NULL ? NULL : make_block(start, payload);
}

/* Unmaps the pages from `start` to `end`. */
static void unmap(char *start, const char *end)
{
    int saved_errno = errno;

    /* Unmapping the middle of a merged area can fail if the kernel has no area descriptor left.
     * os_free() can't report that: the memory stays with the process. */
    if (start != end)
        munmap(start, (size_t)(end - start));
    errno = saved_errno;
}

struct block_meta *mapping_take_aligned(size_t payload, size_t alignment)
{
    size_t bytes;

    if (__builtin_add_overflow(payload, alignment, &bytes) ||
        __builtin_add_overflow(bytes, 2 * page_size(), &bytes)) {
        errno = ENOMEM;
        return NULL;
    }

    char *start = map(bytes);

    if (start == NULL)
        return NULL;

    char *data = start + sizeof(struct block_meta);

    data += -(uintptr_t)data & (alignment - 1);
    unmap(start, page_floor(data - sizeof(struct block_meta)));
    unmap(page_ceiling(data + payload), page_ceiling(start + bytes));
    return make_block(data - sizeof(struct block_meta), payload);
}

struct block_meta *mapping_resize(struct block_meta *block, size_t payload)
{
    char *start = page_floor((char *)block);
    size_t lead = (size_t)((char *)block - start);
    size_t bytes = lead + sizeof(*block) + payload;
    char *moved = bytes < payload
                      ? MAP_FAILED
                      : mremap(start, (size_t)(end_of(block) - start), bytes, MREMAP_MAYMOVE);

    if (moved == MAP_FAILED) {
        errno = ENOMEM;
        return NULL;
    }
    block = (struct block_meta *)(moved + lead);
    count(0, payload - block->size);
    block->size = payload;
    seal(block);
    return block;
}

void mapping_release(struct block_meta *block)
{
    count(-(size_t)1, -(block->size + sizeof(*block)));
    unmap(page_floor((char *)block), end_of(block));
}
