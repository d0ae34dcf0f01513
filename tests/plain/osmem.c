/* SPDX-License-Identifier: MIT */
/*
 * osmem.c - the allocator a second time, as plainly as it can be said: one list of blocks, walked
 * from its start every time, whose free neighbours are merged just before they are looked at.
 *
 * It serves two ends. Its traces have to be those of ../../src, which works differently inside; and
 * it can make the mistakes of ../mistakes.toml, one at a time, each of which the tests have to
 * notice. mistake.h says which one; as it is there, all is right.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "block_meta.h"
#include "mistake.h"
#include "osmem.h"

#define ALIGNMENT      8
#define SIZE_PAGE      4096
#define MMAP_THRESHOLD (128 * 1024)
#define METADATA_SIZE  sizeof(struct block_meta)

/* mistake.h may define these two, and ONE_AT_A_TIME. */
#ifndef PREALLOC_CALLOC
#define PREALLOC_CALLOC SIZE_PAGE
#endif
#ifndef MISTAKE
#define MISTAKE ""
#endif

static struct block_meta *head;

static bool mistake(const char *name)
{
    return strcmp(MISTAKE, name) == 0;
}

/* ---- Sizes ---------------------------------------------------------------------------------- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t round_up(size_t size, size_t step)
{
    return (size + step - 1) / step * step;
}

static size_t align(size_t size)
{
    if (mistake("align-never"))
        return size;
    if (mistake("align-to-16"))
        return round_up(size, 16);
    return round_up(size, ALIGNMENT);
}

static bool overflows(size_t size)
{
    if (mistake("overflow-unchecked"))
        return false;
    if (size <= SIZE_MAX - METADATA_SIZE - (ALIGNMENT - 1))
        return false;
    if (size <= SIZE_MAX - METADATA_SIZE && mistake("overflow-before-rounding"))
        return false;
    if (!mistake("errno-not-set"))
        errno = ENOMEM;
    return true;
}

static bool is_large(size_t size, size_t threshold)
{
    size_t total = align(size) + METADATA_SIZE;

    if (mistake("threshold-exclusive"))
        return total > threshold;
    if (mistake("threshold-one-step-early"))
        return total + ALIGNMENT >= threshold;
    if (mistake("threshold-without-header"))
        return align(size) >= threshold;
    if (mistake("threshold-without-rounding"))
        return size + METADATA_SIZE >= threshold;
    return total >= threshold;
}

/* ---- The list ------------------------------------------------------------------------------- */

static char *end_of(struct block_meta *block)
{
    return (char *)(block + 1) + block->size;
}

static struct block_meta *last_block(void)
{
    struct block_meta *block = head;

    while (block != NULL && block->next != NULL)
        block = block->next;
    return block;
}

static void insert_after(struct block_meta *prev, struct block_meta *block)
{
    block->prev = prev;
    block->next = prev == NULL ? head : prev->next;
    if (prev == NULL)
        head = block;
    else
        prev->next = block;
    if (block->next != NULL)
        block->next->prev = block;
}

/* Whether a free block follows, with nobody else's memory between the two. */
static bool next_is_free(struct block_meta *block)
{
    struct block_meta *next = block->next;

    if (next == NULL || ((char *)next != end_of(block) && !mistake("coalesce-across-gaps")))
        return false;
    return next->status == STATUS_FREE || mistake("coalesce-ignores-status");
}

static void absorb_next(struct block_meta *block)
{
    struct block_meta *next = block->next;

    block->size += next->size;
    if (!mistake("coalesce-loses-header"))
        block->size += METADATA_SIZE;
    block->next = next->next;
    if (block->next != NULL)
        block->next->prev = block;
}

static void coalesce(void)
{
    if (mistake("coalesce-never") || mistake("coalesce-forward-only") ||
        mistake("coalesce-backward-only"))
        return;
    for (struct block_meta *block = head; block != NULL; block = block->next)
        while (block->status == STATUS_FREE && next_is_free(block)) {
            absorb_next(block);
            if (mistake("coalesce-pairs"))
                break;
        }
}

static size_t smallest_rest(void)
{
    if (mistake("split-from-header"))
        return METADATA_SIZE;
    if (mistake("split-from-two-steps"))
        return METADATA_SIZE + 2 * ALIGNMENT;
    if (mistake("split-from-two-headers"))
        return 2 * METADATA_SIZE;
    return METADATA_SIZE + ALIGNMENT;
}

/* Cuts `block` down to `payload` bytes if the rest can be a block. */
static void split(struct block_meta *block, size_t payload)
{
    size_t rest = block->size - payload;

    if (rest < smallest_rest() || mistake("split-never"))
        return;
    block->size = payload;
    if (mistake("split-loses-rest"))
        return;

    struct block_meta *remainder = (struct block_meta *)end_of(block);

    remainder->size = rest - METADATA_SIZE;
    if (!mistake("split-leaves-status"))
        remainder->status = STATUS_FREE;
    insert_after(block, remainder);
}

/* ---- The heap ------------------------------------------------------------------------------- */

static bool fits(struct block_meta *block, size_t payload)
{
    if (mistake("fit-not-exact"))
        return block->size > payload;
    if (mistake("fit-with-header"))
        return block->size >= payload + METADATA_SIZE;
    return block->size >= payload;
}

static bool fits_better(struct block_meta *block, struct block_meta *best)
{
    if (best == NULL)
        return true;
    if (mistake("fit-first"))
        return false;
    if (mistake("fit-worst"))
        return block->size > best->size;
    if (mistake("fit-last-of-equals"))
        return block->size <= best->size;
    if (mistake("fit-first-of-large") && block->size >= MMAP_THRESHOLD / 2)
        return false;
    return block->size < best->size;
}

static struct block_meta *best_fit(size_t payload)
{
    struct block_meta *best = NULL;

    for (struct block_meta *block = head; block != NULL; block = block->next)
        if (block->status == STATUS_FREE && fits(block, payload) && fits_better(block, best))
            best = block;
    return best;
}

static void *ask_break(size_t bytes)
{
    if (mistake("grow-in-pages"))
        bytes = round_up(bytes, SIZE_PAGE);

    void *start = sbrk((intptr_t)bytes);

    if (start != (void *)-1 || mistake("sbrk-unchecked"))
        return start;
    errno = mistake("sbrk-errno") ? EAGAIN : ENOMEM;
    return NULL;
}

/* How far the break is below a multiple of the alignment: someone else may have moved it. */
static size_t padding_at_break(void)
{
    return -(uintptr_t)sbrk(0) % ALIGNMENT;
}

/* A new last block out of `bytes` bytes from the system, of which `padding` come before it. */
static struct block_meta *append(size_t bytes, size_t padding)
{
    char *start = ask_break(bytes);

    if (start == NULL)
        return NULL;

    struct block_meta *block = (struct block_meta *)(start + padding);

    block->size = (bytes - padding - METADATA_SIZE) / ALIGNMENT * ALIGNMENT;
    block->status = STATUS_ALLOC;
    insert_after(last_block(), block);
    return block;
}

static bool ends_at_break(struct block_meta *block)
{
    return block != NULL && (end_of(block) == (char *)sbrk(0) || mistake("grow-trusts-break"));
}

/* Makes the last block, which ends at the break, as large as `payload`. */
static bool extend(struct block_meta *last, size_t payload)
{
    if (ask_break(payload - last->size) == NULL && !mistake("extend-unchecked"))
        return false;
    last->size = payload;
    return true;
}

static struct block_meta *grow(size_t payload)
{
    struct block_meta *last = last_block();

    if (mistake("grow-by-preallocation")) {
        struct block_meta *block = append(MMAP_THRESHOLD, 0);

        split(block, payload);
        return block;
    }
    if (ends_at_break(last) && last->status == STATUS_FREE && !mistake("grow-never-extends")) {
        if (mistake("grow-by-whole-request"))
            last->size = 0;
        if (!extend(last, payload))
            return NULL;
        last->status = STATUS_ALLOC;
        return last;
    }

    size_t padding = padding_at_break();

    return append(padding + METADATA_SIZE + payload, padding);
}

/* The heap's first growth; false if the system refuses. */
static bool preallocate(bool for_calloc)
{
    size_t bytes = for_calloc ? PREALLOC_CALLOC : MMAP_THRESHOLD;

    if (mistake("preallocate-never"))
        return true;
    if (mistake("preallocate-header-too"))
        bytes += METADATA_SIZE;
    if (mistake("preallocate-page-for-malloc") && !for_calloc)
        bytes = SIZE_PAGE;
    if (mistake("preallocate-much-for-calloc") && for_calloc)
        bytes = MMAP_THRESHOLD;

    struct block_meta *block = append(bytes, padding_at_break());

    if (block != NULL)
        block->status = STATUS_FREE;
    return block != NULL;
}

static struct block_meta *take_from_heap(size_t payload, bool for_calloc)
{
    static bool asked[2];
    bool first = mistake("preallocate-per-function") ? !asked[for_calloc] : head == NULL;

    asked[for_calloc] = true;
    if (first && !preallocate(for_calloc))
        return NULL;
    if (!mistake("coalesce-when-full"))
        coalesce();

    struct block_meta *block = best_fit(payload);

    if (block == NULL && mistake("coalesce-when-full")) {
        coalesce();
        block = best_fit(payload);
    }
    if (block == NULL)
        return grow(payload);
    block->status = STATUS_ALLOC;
    if (!first || !mistake("preallocate-whole"))
        split(block, payload);
    return block;
}

/* ---- Mappings ------------------------------------------------------------------------------- */

static struct block_meta *take_mapping(size_t payload)
{
    size_t total = payload + METADATA_SIZE;

    if (mistake("mmap-in-pages"))
        total = round_up(total, SIZE_PAGE);

    struct block_meta *block =
        mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (block == MAP_FAILED) {
        errno = ENOMEM;
        return NULL;
    }
    block->size = payload;
    block->status = STATUS_MAPPED;
    block->prev = block->next = NULL;
    return block;
}

static void unmap(struct block_meta *block)
{
    size_t length = block->size;

    if (mistake("munmap-never"))
        return;
    if (!mistake("munmap-payload-only"))
        length += METADATA_SIZE;

    int saved_errno = errno;

    munmap(block, length);
    errno = saved_errno;
}

/* ---- The four functions --------------------------------------------------------------------- */

static struct block_meta *take(size_t size, size_t threshold, bool for_calloc)
{
    if (overflows(size))
        return NULL;
    if (mistake("errno-cleared"))
        errno = 0;
    if (mistake("preallocate-for-mapping") && head == NULL && !preallocate(for_calloc))
        return NULL;
    return is_large(size, threshold) ? take_mapping(align(size))
                                     : take_from_heap(align(size), for_calloc);
}

void *os_malloc(size_t size)
{
    if (size == 0 && !mistake("malloc-zero-block"))
        return NULL;

    size_t threshold = mistake("threshold-page-for-malloc") ? SIZE_PAGE : MMAP_THRESHOLD;
    struct block_meta *block = take(size, threshold, false);

    return block == NULL ? NULL : block + 1;
}

static bool product_overflows(size_t nmemb, size_t size)
{
    if (mistake("calloc-overflow-unchecked"))
        return false;
    if (mistake("calloc-overflow-compared"))
        return nmemb * size < nmemb || nmemb * size < size;
    return size > SIZE_MAX / nmemb;
}

void *os_calloc(size_t nmemb, size_t size)
{
    if (nmemb == 0 || size == 0)
        return NULL;
    if (product_overflows(nmemb, size)) {
        if (!mistake("errno-not-set"))
            errno = ENOMEM;
        return NULL;
    }

    size_t threshold = mistake("threshold-of-malloc-for-calloc") ? MMAP_THRESHOLD : SIZE_PAGE;
    struct block_meta *block = take(nmemb * size, threshold, true);

    if (block == NULL)
        return NULL;
    if (!mistake("calloc-not-cleared"))
        memset(block + 1, 0, mistake("calloc-clears-one-element") ? size : nmemb * size);
    return block + 1;
}

void os_free(void *ptr)
{
    if (ptr == NULL && !mistake("free-null"))
        return;
    if (mistake("free-never"))
        return;

    struct block_meta *block = (struct block_meta *)ptr - 1;

    if (block->status == STATUS_MAPPED || (block->status == STATUS_FREE && mistake("free-twice"))) {
        unmap(block);
        return;
    }
    if (mistake("free-merged-twice") && block->status == STATUS_ALLOC && block->prev != NULL &&
        block->prev->status == STATUS_FREE) {
        absorb_next(block->prev);
        return;
    }
    block->status = STATUS_FREE;
    if (mistake("coalesce-forward-only") && next_is_free(block))
        absorb_next(block);
    if (mistake("coalesce-backward-only") && block->prev != NULL &&
        block->prev->status == STATUS_FREE)
        absorb_next(block->prev);
    if (mistake("free-moves-break") && block->prev != NULL && ends_at_break(block)) {
        block->prev->next = NULL;
        sbrk((char *)block - end_of(block));
    }
}

/* How much of the `contents` bytes of a block moves with it to one of `payload` bytes. */
static size_t bytes_to_copy(size_t contents, size_t payload, bool mapped)
{
    if (mistake("realloc-copies-64-kib") && !mapped)
        return smaller(smaller(contents, payload), 64 * 1024);
    if (mistake("realloc-copies-new-size") && !mapped)
        return payload;
    if (mistake("realloc-copies-nothing"))
        return 0;
    if (mistake("realloc-copies-too-little"))
        return smaller(contents, payload) - smaller(contents, METADATA_SIZE);
    if (mistake("realloc-copies-old-size"))
        return contents;
    return smaller(contents, payload);
}

/* The first `contents` bytes of `block`, as far as they fit, in a new block. */
static void *move(struct block_meta *block, size_t size, size_t contents)
{
    bool mapped = block->status == STATUS_MAPPED;

    if (mistake("realloc-frees-first") && !mapped)
        os_free(block + 1);

    void *moved = os_malloc(size);

    if (moved == NULL) {
        if (mistake("realloc-refusal-frees"))
            os_free(block + 1);
        return NULL;
    }
    memmove(moved, block + 1, bytes_to_copy(contents, align(size), mapped));
    if (mapped ? !mistake("realloc-leaks-mapping") : !mistake("realloc-leaks-heap-block"))
        os_free(block + 1);
    return moved;
}

static bool keeps_mapping(struct block_meta *block, size_t payload)
{
    if (mistake("realloc-keeps-mapping"))
        return payload <= block->size;
    if (mistake("realloc-keeps-mapping-of-same-size"))
        return payload == block->size;
    return false;
}

/* Whether `block` can grow at the break to `payload` bytes. */
static bool can_extend(struct block_meta *block, size_t payload)
{
    return payload > block->size && block == last_block() && ends_at_break(block) &&
           !mistake("realloc-never-extends");
}

/* Takes free neighbours into `block`, until it is as large as `payload`. Those that are adjacent
 * are one; ONE_AT_A_TIME reads the rule as if they were not, and no test may tell. */
static void absorb_neighbours(struct block_meta *block, size_t payload)
{
#ifndef ONE_AT_A_TIME
    if (!mistake("realloc-takes-one-neighbour"))
        coalesce();
#endif
    while (block->size < payload && next_is_free(block)) {
        absorb_next(block);
        if (mistake("realloc-takes-one-neighbour"))
            break;
    }
}

void *os_realloc(void *ptr, size_t size)
{
    if (ptr == NULL)
        return mistake("realloc-null") ? NULL : os_malloc(size);
    if (size == 0) {
        if (!mistake("realloc-zero-keeps"))
            os_free(ptr);
        return NULL;
    }

    struct block_meta *block = (struct block_meta *)ptr - 1;
    size_t contents = block->size;
    size_t payload = align(size);

    if (mistake("realloc-maps-freed") && block->status == STATUS_FREE &&
        is_large(size, MMAP_THRESHOLD))
        return os_malloc(size);
    if (block->status == STATUS_FREE && !mistake("realloc-revives"))
        return NULL;
    if (overflows(size)) {
        if (mistake("realloc-failure-frees"))
            os_free(ptr);
        return NULL;
    }
    if (block->status == STATUS_MAPPED)
        return keeps_mapping(block, payload) ? ptr : move(block, size, contents);

    if ((is_large(size, MMAP_THRESHOLD) && !mistake("realloc-never-maps")) ||
        mistake("realloc-always-moves"))
        return move(block, size, contents);
    if (can_extend(block, payload)) {
        if (mistake("realloc-extends-by-whole-size"))
            block->size = 0;
        return extend(block, payload) ? ptr : NULL;
    }
    if (!mistake("realloc-takes-no-neighbours"))
        absorb_neighbours(block, payload);
    if (mistake("realloc-extends-after-merging") && can_extend(block, payload))
        return extend(block, payload) ? ptr : NULL;
    if (block->size >= payload) {
        bool shrinks = contents >= payload;

        if (!mistake(shrinks ? "realloc-never-shrinks" : "realloc-grows-unsplit"))
            split(block, payload);
        return ptr;
    }
    if (mistake("realloc-gives-neighbours-back"))
        split(block, contents);

    void *moved = move(block, size, contents);

    if (moved == NULL && !mistake("realloc-refusal-keeps-neighbours"))
        split(block, contents);
    return moved;
}
