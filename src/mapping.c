/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "block.h"
#include "guard.h"
#include "mapping.h"
#include "page.h"
#include "policy.h"

static struct mapping_totals mappings;

static void count_mapped(size_t blocks, size_t bytes)
{
    __atomic_fetch_add(&mappings.count, blocks, __ATOMIC_RELAXED);
    __atomic_fetch_add(&mappings.bytes, bytes, __ATOMIC_RELAXED);
}

struct mapping_totals mapping_totals(void)
{
    struct mapping_totals now = {
        .count = __atomic_load_n(&mappings.count, __ATOMIC_RELAXED),
        .bytes = __atomic_load_n(&mappings.bytes, __ATOMIC_RELAXED),
    };

    return now;
}

bool mapping_is_allowed(void)
{
    size_t each = policy_is_hardened() ? 2 : 1; /* the guard is another mapping of the system */

    return mapping_totals().count < policy()->max_mappings / each;
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
    count_mapped(1, payload + sizeof(*block));
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
    size_t lead = sizeof(struct block_meta);
    size_t bytes;

    if (lead % alignment != 0)
        lead += alignment;
    if (__builtin_add_overflow(payload, lead, &bytes) ||
        __builtin_add_overflow(bytes, page_size() + guard_size(), &bytes)) {
        errno = ENOMEM;
        return NULL;
    }

    bytes &= -page_size();

    char *start = map(bytes);

    if (start == NULL)
        return NULL;

    char *data = start + sizeof(struct block_meta);

    data += -(uintptr_t)data & (alignment - 1);

    char *end = page_ceiling(data + payload);

    if (policy_is_hardened()) {
        data += (size_t)(end - (data + payload)) & -alignment; /* as near to the guard as it gets */
        guard_add(end);
    }
    unmap(start, page_floor(data - sizeof(struct block_meta)));
    unmap(end + guard_size(), start + bytes);
    return make_block(data - sizeof(struct block_meta), payload);
}

/* Moves the pages of a mapping of `old` bytes to `bytes` bytes, with a guard behind them. */
static char *move_guarded(char *start, size_t old, size_t bytes)
{
    char *to = map(bytes + guard_size());

    if (to == NULL)
        return MAP_FAILED;

    char *moved = mremap(start, old, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);

    if (moved == MAP_FAILED) {
        unmap(to, page_ceiling(to + bytes + guard_size()));
        return MAP_FAILED;
    }
    guard_add(page_ceiling(to + bytes));
    unmap(page_ceiling(start + old), page_ceiling(start + old) + guard_size());
    return moved;
}

static char *move_pages(char *start, size_t old, size_t bytes)
{
    return policy_is_hardened() ? move_guarded(start, old, bytes)
                                : mremap(start, old, bytes, MREMAP_MAYMOVE);
}

struct block_meta *mapping_resize(struct block_meta *block, size_t payload)
{
    char *start = page_floor((char *)block);
    size_t lead = (size_t)((char *)block - start);
    size_t bytes = lead + sizeof(*block) + payload;
    char *moved =
        bytes < payload ? MAP_FAILED : move_pages(start, (size_t)(end_of(block) - start), bytes);

    if (moved == MAP_FAILED) {
        errno = ENOMEM;
        return NULL;
    }
    block = (struct block_meta *)(moved + lead);
    count_mapped(0, payload - block->size);
    block->size = payload;
    seal(block);
    return block;
}

void mapping_release(struct block_meta *block)
{
    size_t total = block->size + sizeof(*block);

    count_mapped(-(size_t)1, -total);
    if (policy_is_hardened()) {
        guard_keep(page_floor((char *)block), page_ceiling(end_of(block)) + guard_size());
        return;
    }
    policy_note_unmapped(total);
    unmap(page_floor((char *)block), end_of(block));
}
