/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "block.h"
#include "guard.h"
#include "lock.h"
#include "page.h"
#include "policy.h"
#include "report.h"

#define MAPPINGS       256
#define MOST_ADDRESSES ((size_t)512 << 20) /* of addresses: they take no memory */

size_t guard_size(void)
{
    return policy_is_hardened() ? page_size() : 0;
}

void guard_add(char *start)
{
    int saved_errno = errno;

    mprotect(start, guard_size(), PROT_NONE);
    errno = saved_errno;
}

struct pages {
    char *start, *end;
};

static struct {
    struct pages ring[MAPPINGS];
    size_t oldest;
    size_t count;
    size_t bytes;
} kept;

static size_t bytes_of(struct pages pages)
{
    return (size_t)(pages.end - pages.start);
}

static void release_oldest_pages(void)
{
    struct pages *pages = &kept.ring[kept.oldest];

    munmap(pages->start, bytes_of(*pages));
    kept.oldest = (kept.oldest + 1) % MAPPINGS;
    kept.count--;
    kept.bytes -= bytes_of(*pages);
    *pages = (struct pages){0};
}

void guard_release_all(void)
{
    int saved_errno = errno;

    while (kept.count > 0)
        release_oldest_pages();
    errno = saved_errno;
}

static void add(struct pages pages)
{
    bool taken = lock_enter();

    kept.ring[(kept.oldest + kept.count) % MAPPINGS] = pages;
    kept.count++;
    kept.bytes += bytes_of(pages);
    while (kept.count == MAPPINGS || kept.bytes > MOST_ADDRESSES)
        release_oldest_pages();
    lock_leave(taken);
}

void guard_keep(char *start, char *end)
{
    struct pages pages = {start, end};
    int saved_errno = errno;

    /* A new mapping drops what is in the pages. The system may lack a descriptor for it. */
    if (mmap(start, bytes_of(pages), PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED)
        add(pages);
    errno = saved_errno;
}

void guard_expect_not_kept(const struct block_meta *block)
{
    const char *address = (const char *)(block + 1);
    bool found = false;
    bool taken = lock_try();

    /* Never waits: see report_pointer(). Pages that are kept can't be read in any case. */
    if (lock_is_needed() && !taken)
        return;
    for (size_t i = 0; i < MAPPINGS; i++)
        found |= address >= kept.ring[i].start && address < kept.ring[i].end;
    lock_leave(taken);
    if (found)
        report_mistake("a large block that is already free: freed twice?", address);
}
