/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "printf.h"
#include "snippet.h"

/* ---- Failing -------------------------------------------------------------------------------- */

/* The call being checked, for the message if it fails. */
static struct {
    struct place place;
    const char *format; /* its text, with these numbers in it */
    size_t numbers[2];
} call;

static void begin(struct place place, const char *format, size_t first, size_t second)
{
    call.place = place;
    call.format = format;
    call.numbers[0] = first;
    call.numbers[1] = second;
    errno = ERRNO_UNTOUCHED;
}

/* Ends the program without the help of a function that the library under test could have replaced,
 * where that is cheap. */
static _Noreturn void end_in_failure(void)
{
#ifdef __x86_64__
    __asm__ volatile("syscall" : : "a"(SYS_exit_group), "D"(EXIT_FAILURE) : "rcx", "r11", "memory");
#endif
    _exit(EXIT_FAILURE);
}

static _Noreturn __attribute__((format(__printf__, 1, 2))) void fail(const char *format, ...)
{
    const char *slash = strrchr(call.place.file, '/');
    va_list args;

    dprintf_(STDERR_FILENO, "%s:%d: ", slash == NULL ? call.place.file : slash + 1,
             call.place.line);
    dprintf_(STDERR_FILENO, call.format, call.numbers[0], call.numbers[1]);
    va_start(args, format);
    vdprintf_(STDERR_FILENO, format, args);
    va_end(args);
    dprintf_(STDERR_FILENO, "\n");
    end_in_failure();
}

static bool errno_is_judged;

void errno_counts(void)
{
    errno_is_judged = true;
}

static void check_errno(void)
{
    if (errno_is_judged && errno != ERRNO_UNTOUCHED)
        fail(": errno is %d, expected %d, as it was before the call", errno, ERRNO_UNTOUCHED);
}

/* ---- Blocks in use -------------------------------------------------------------------------- */

#define MAX_BLOCKS 512

static struct block {
    unsigned char *start; /* NULL: an unused entry */
    size_t size;
    unsigned int number;
} blocks[MAX_BLOCKS];

static struct block *find(const void *start)
{
    for (size_t i = 0; i < MAX_BLOCKS; i++)
        if (blocks[i].start == start)
            return &blocks[i];
    fail(": the test itself is wrong: %s",
         start == NULL ? "too many blocks in use" : "not a block in use");
}

/* What byte `offset` of a block holds. The period is a prime, so that contents that were moved by
 * some power of two do not look right, and two blocks never hold the same. */
static unsigned char pattern(const struct block *block, size_t offset)
{
    return (unsigned char)(block->number * 37 + offset % 251);
}

static void check_contents(const struct block *block, const unsigned char *start, size_t size,
                           const char *when)
{
    for (size_t i = 0; i < size; i++)
        if (start[i] != pattern(block, i))
            fail(": %s the call byte %zu is 0x%02x, expected 0x%02x", when, i, start[i],
                 pattern(block, i));
}

static void check_cleared(const unsigned char *start, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (start[i] != 0)
            fail(": byte %zu is 0x%02x, expected 0x00", i, start[i]);
}

/* Whether one of two blocks begins before the other one ends. */
static bool overlap(const struct block *block, const unsigned char *start, size_t size)
{
    return start < block->start + block->size && block->start < start + size;
}

/* Checks a block that has just been handed out, in so far as its contents do not matter. */
static void check_block(const unsigned char *start, size_t size)
{
    if (start == NULL)
        fail(": returned NULL, expected a block");
    check_errno();
    if ((uintptr_t)start % ALIGNMENT != 0)
        fail(": returned an address %zu above a multiple of %d, expected a multiple of %d",
             (size_t)((uintptr_t)start % ALIGNMENT), ALIGNMENT, ALIGNMENT);
    for (size_t i = 0; i < MAX_BLOCKS; i++)
        if (blocks[i].start != NULL && overlap(&blocks[i], start, size))
            fail(": the block overlaps one of %zu bytes, expected no overlap with a block in use",
                 blocks[i].size);
}

/* Notes a block that has passed all checks, and fills it. */
static void add(unsigned char *start, size_t size)
{
    static unsigned int number;
    struct block *block = find(NULL);

    *block = (struct block){.start = start, .size = size, .number = ++number};
    for (size_t i = 0; i < size; i++)
        start[i] = pattern(block, i);
}

/* Checks a block for the last time and forgets it. Its size becomes the call's first number. */
static struct block remove_block(const void *start)
{
    struct block *entry = find(start);
    struct block block = *entry;

    call.numbers[0] = block.size;
    check_contents(&block, block.start, block.size, "before");
    entry->start = NULL;
    return block;
}

/* ---- The calls ------------------------------------------------------------------------------ */

void *checked_malloc_at(struct place place, size_t size)
{
    begin(place, "os_malloc(%zu)", size, 0);

    void *ptr = os_malloc(size);

    check_block(ptr, size);
    add(ptr, size);
    return ptr;
}

static void *calloc_at(struct place place, size_t nmemb, size_t size, bool cleared)
{
    begin(place, "os_calloc(%zu, %zu)", nmemb, size);

    void *ptr = os_calloc(nmemb, size);

    check_block(ptr, nmemb * size);
    if (cleared)
        check_cleared(ptr, nmemb * size);
    add(ptr, nmemb * size);
    return ptr;
}

void *checked_calloc_at(struct place place, size_t nmemb, size_t size)
{
    return calloc_at(place, nmemb, size, true);
}

void *uncleared_calloc_at(struct place place, size_t nmemb, size_t size)
{
    return calloc_at(place, nmemb, size, false);
}

void *checked_realloc_at(struct place place, void *ptr, size_t size)
{
    struct block old = {.start = NULL};

    if (ptr == NULL) {
        begin(place, "os_realloc(NULL, %zu)", size, 0);
    } else {
        begin(place, "os_realloc(a block of %zu bytes, %zu)", 0, size);
        old = remove_block(ptr);
    }

    void *resized = os_realloc(ptr, size);

    if (size == 0) {
        if (resized != NULL)
            fail(": returned a block, expected NULL");
        return NULL;
    }
    check_block(resized, size);
    check_contents(&old, resized, size < old.size ? size : old.size, "after");
    add(resized, size);
    return resized;
}

void checked_free_at(struct place place, void *ptr)
{
    begin(place, "os_free(a block of %zu bytes)", 0, 0);
    remove_block(ptr);
    os_free(ptr);
    check_errno();
}

void check_null(struct place place, const char *text, const void *result)
{
    begin(place, text, 0, 0);
    if (result != NULL)
        fail(": returned a block, expected NULL");
}

void check_enomem(struct place place, const char *text, const void *result)
{
    int found = errno;

    begin(place, text, 0, 0);
    if (result != NULL)
        fail(": returned a block, expected NULL");
    if (found != ENOMEM)
        fail(": errno is %d, expected %d (ENOMEM)", found, ENOMEM);
}

/* ---- Phases --------------------------------------------------------------------------------- */

/* Unmapping nothing asks for nothing, but a tracer sees it. The numbers are in
 * harness/trace/canonical.py, too. */
static void mark(uintptr_t phase)
{
    syscall(SYS_munmap, phase, 0);
}

static void *filling[256];
static size_t filled;

/* Fills what lies between a block of `size` bytes and the break. Where that can't be had, one block
 * more does no harm. */
static void fill_behind(char *block, size_t size)
{
    size_t most = MMAP_THRESHOLD / 2; /* for one block; less where so many are mapped */

    filling[filled++] = block;
    while (filled < LENGTH(filling)) {
        char *end = (char *)sbrk(0);
        char *start = block + TOTAL(size) - METADATA_SIZE;
        size_t room = start < end ? (size_t)(end - start) : 0;

        if (room < SMALLEST_REST)
            return;

        size_t taken = PAYLOAD(room < most + SMALLEST_REST ? room : most);
        char *next = checked_malloc(taken);

        filling[filled++] = next;
        if ((char *)sbrk(0) != end)
            return;
        if (next > block && next < end) {
            block = next;
            size = taken;
        } else if (most == SIZE_PAGE / 2) {
            return;
        } else {
            most = SIZE_PAGE / 2;
        }
    }
}

void set_up(void)
{
    fill_behind(checked_malloc(ALIGNMENT), ALIGNMENT);
    mark(0x5E7B0000);
}

void set_up_after(void *first)
{
    fill_behind(first, ALIGNMENT);
    set_up();
}

void judged_part(void)
{
    mark(0x5E7B1000);
}

void clean_up(void)
{
    mark(0x5E7B2000);
    while (filled > 0)
        checked_free(filling[--filled]);
}

/* ---- The system ----------------------------------------------------------------------------- */

static struct rlimit granted;

void refuse_memory(void)
{
    getrlimit(RLIMIT_DATA, &granted);

    /* A limit of 0 would not count for mappings: Linux takes it for a mistake. */
    struct rlimit refused = {.rlim_cur = 1, .rlim_max = granted.rlim_max};

    setrlimit(RLIMIT_DATA, &refused);
}

void grant_memory(void)
{
    setrlimit(RLIMIT_DATA, &granted);
}

void move_break(size_t pages)
{
    add(sbrk((intptr_t)(pages * SIZE_PAGE)), pages * SIZE_PAGE);
}
