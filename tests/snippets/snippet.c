/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "printf.h"
#include "snippet.h"

/*
 * The library under test can write to the table through which calls of libc go. These go through
 * another: the dynamic linker has filled and locked that before code of the library runs.
 */
#if defined(__x86_64__) && !defined(__clang__) /* which does not know the attribute */
__attribute__((noplt)) int *__errno_location(void);
__attribute__((noplt)) long syscall(long number, ...);
__attribute__((noplt)) void *sbrk(intptr_t increment);
__attribute__((noplt)) int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit);
#endif

/* ---- Telling -------------------------------------------------------------------------------- */

/*
 * The library under test shares its memory with the program, and could change what the program
 * checks it by; it can't change the program's code. So the program tells the tracer what it has
 * checked, at once: with the call that follows, or by unmapping what no program can have, which
 * does nothing. harness/checking/attestation.py knows what it should have checked, and has these
 * numbers, too. Each place that tells has a name, tell_CHECK_NUMBER, and tells of this check only.
 */
#define TOLD_TAG 0x5E7Cull

enum check {
    FAILED = 1,
    KEPT,         /* so many bytes of a block by its number, after os_realloc() */
    ZEROED,       /* so many bytes, after os_calloc() */
    ERRNO_KEPT,   /* after any call that succeeds, from errno_counts() on */
    ERRNO_COUNTS, /* from here on */
    ADDED,        /* a block that no call hands out */
};

static inline __attribute__((always_inline)) void tell(enum check check, size_t number, size_t size)
{
    uint64_t address = TOLD_TAG << 48 | (uint64_t)check << 44 | number;

#if defined(__x86_64__)
    uint64_t result = SYS_munmap; /* without a function that the library could have replaced */

    __asm__ volatile("syscall\n"
                     "tell_%c[check]_%=:"
                     : "+a"(result)
                     : "D"(address), "S"(size), [check] "i"(check)
                     : "rcx", "r11", "memory");
#elif UINTPTR_MAX == UINT64_MAX
    syscall(SYS_munmap, address, size);
#else
    (void)address;
    (void)size;
#endif
}

/* ---- Failing -------------------------------------------------------------------------------- */

/* The call being checked, for the message if it fails. */
static struct {
    struct place place;
    const char *format; /* its text, with these numbers in it */
    size_t numbers[2];
} call;

static void draw_key(void);

static void begin(struct place place, const char *format, size_t first, size_t second)
{
    call.place = place;
    call.format = format;
    call.numbers[0] = first;
    call.numbers[1] = second;
    draw_key();
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

    tell(FAILED, 0, 0);
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
    tell(ERRNO_COUNTS, 0, 0);
}

static void check_errno(void)
{
    if (!errno_is_judged)
        return;
    if (errno != ERRNO_UNTOUCHED)
        fail(": errno is %d, expected %d, as it was before the call", errno, ERRNO_UNTOUCHED);
    tell(ERRNO_KEPT, 0, 0);
}

/* ---- Records -------------------------------------------------------------------------------- */

/*
 * Nothing that is needed after a call is kept in a variable meanwhile, where the library could
 * change it: it is kept in records, under a key that is drawn once the library's constructors have
 * run. A library that finds the key has to lie to the tracer as well.
 */

#define MAX_BLOCKS 512
#define REQUEST    MAX_BLOCKS /* the record of the call */

struct block {
    unsigned char *start; /* NULL: an unused record */
    size_t size;
    size_t number; /* of the record of a request: which record the block resized has */
};

static struct record {
    struct block hidden;
    uint64_t seal;
} records[4 * MAX_BLOCKS];

static uint64_t key;

static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

static struct record *record_at(size_t index)
{
    return &records[key % (LENGTH(records) - MAX_BLOCKS) + index];
}

static uint64_t seal_of(const struct record *record, size_t index)
{
    uint64_t seal = mix(key + index);

    seal = mix(seal ^ (uintptr_t)record->hidden.start);
    seal = mix(seal ^ record->hidden.size);
    return mix(seal ^ record->hidden.number);
}

/* What a record is hidden by, or found by. */
static struct block hide(struct block block, size_t index)
{
    uint64_t mask = key * (2 * index + 1);

    return (struct block){
        .start = (unsigned char *)((uintptr_t)block.start ^ (uintptr_t)mask),
        .size = block.size ^ (size_t)(mask >> 7),
        .number = block.number ^ (size_t)(mask >> 13),
    };
}

static void keep(size_t index, struct block block)
{
    struct record *record = record_at(index);

    record->hidden = hide(block, index);
    record->seal = seal_of(record, index);
}

static struct block kept(size_t index)
{
    const struct record *record = record_at(index);

    if (record->seal != seal_of(record, index))
        fail(": the library changed the memory of the test");
    return hide(record->hidden, index);
}

static void draw_key(void)
{
    if (key != 0)
        return;
    if (syscall(SYS_getrandom, &key, sizeof(key), 0) != sizeof(key))
        fail(": the test itself can't draw a key");
    key |= 1;
    for (size_t i = 0; i <= REQUEST; i++)
        keep(i, (struct block){.start = NULL});
}

/* ---- Blocks in use -------------------------------------------------------------------------- */

static size_t find(const void *start)
{
    for (size_t i = 0; i < MAX_BLOCKS; i++)
        if (kept(i).start == start)
            return i;
    fail(": the test itself is wrong: %s",
         start == NULL ? "too many blocks in use" : "not a block in use");
}

/* What byte `offset` of a block holds, by the block's number. The period is a prime, so that
 * contents that were moved by some power of two do not look right, and two blocks never hold the
 * same. */
static unsigned char pattern(size_t number, size_t offset)
{
    return (unsigned char)(number * 37 + offset % 251);
}

/* Returns how many bytes it has looked at. */
static size_t check_contents(size_t number, const unsigned char *start, size_t size,
                             const char *when)
{
    size_t i;

    for (i = 0; i < size; i++)
        if (start[i] != pattern(number, i))
            fail(": %s the call byte %zu is 0x%02x, expected 0x%02x", when, i, start[i],
                 pattern(number, i));
    return i;
}

static void check_cleared(const unsigned char *start, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++)
        if (start[i] != 0)
            fail(": byte %zu is 0x%02x, expected 0x00", i, start[i]);
    tell(ZEROED, 0, i);
}

/* Whether one of two blocks begins before the other one ends. */
static bool overlap(const struct block *block, const unsigned char *start, size_t size)
{
    return start < block->start + block->size && block->start < start + size;
}

/* Checks the magic number of the header, unless it would lie before the first page of a mapping. */
static void check_magic(const unsigned char *start)
{
#if HEADER_MAGIC
    const struct block_meta *header = (const struct block_meta *)start - 1;

    if ((uintptr_t)start % SIZE_PAGE >= METADATA_SIZE && header->magic != HEADER_MAGIC)
        fail(": the header of the block begins with 0x%zx, expected the magic number 0x%zx",
             header->magic, (size_t)HEADER_MAGIC);
#else
    (void)start;
#endif
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
    check_magic(start);
    for (size_t i = 0; i < MAX_BLOCKS; i++) {
        struct block block = kept(i);

        if (block.start != NULL && overlap(&block, start, size))
            fail(": the block overlaps one of %zu bytes, expected no overlap with a block in use",
                 block.size);
    }
}

/* Notes a block that has passed all checks, and fills it. */
static void add(unsigned char *start, size_t size)
{
    static size_t number;
    struct block block = {.start = start, .size = size, .number = ++number};

    keep(find(NULL), block);
    for (size_t i = 0; i < size; i++)
        start[i] = pattern(block.number, i);
}

/* What was checked just before a call. */
struct last {
    size_t index; /* of the record */
    size_t number;
    size_t checked;
};

/* Checks a block for the last time. Its size becomes the call's first number. */
static struct last check_last(const void *start)
{
    size_t index = find(start);
    struct block block = kept(index);

    call.numbers[0] = block.size;
    return (struct last){
        .index = index,
        .number = block.number,
        .checked = check_contents(block.number, start, block.size, "before"),
    };
}

static struct block remove_block(size_t index)
{
    struct block block = kept(index);

    keep(index, (struct block){.start = NULL});
    return block;
}

/* Notes how many bytes the next call asks for. */
static void ask_for(size_t size)
{
    keep(REQUEST, (struct block){.size = size, .number = MAX_BLOCKS});
}

static size_t asked_for(void)
{
    return kept(REQUEST).size;
}

/* ---- The calls ------------------------------------------------------------------------------ */

static const char this_file[] = __FILE__;

/* What a call tells the tracer: a line only if it is made elsewhere. */
static uint64_t from(struct place place, unsigned int bits)
{
    return CALL_FROM(place.file == this_file ? 0 : place.line, CALL_CHECKED | bits);
}

void *checked_malloc_at(struct place place, size_t size)
{
    begin(place, "os_malloc(%zu)", size, 0);
    ask_for(size);

    void *ptr = malloc_from(size, from(place, 0));

    check_block(ptr, asked_for());
    add(ptr, asked_for());
    return ptr;
}

static void *calloc_at(struct place place, size_t nmemb, size_t size, unsigned int bits)
{
    begin(place, "os_calloc(%zu, %zu)", nmemb, size);
    ask_for(nmemb * size);

    void *ptr = calloc_from(nmemb, size, from(place, bits));

    check_block(ptr, asked_for());
    return ptr;
}

void *checked_calloc_at(struct place place, size_t nmemb, size_t size)
{
    void *ptr = calloc_at(place, nmemb, size, CALL_CLEARED);

    check_cleared(ptr, asked_for());
    add(ptr, asked_for());
    return ptr;
}

void *uncleared_calloc_at(struct place place, size_t nmemb, size_t size)
{
    void *ptr = calloc_at(place, nmemb, size, 0);

    add(ptr, asked_for());
    return ptr;
}

/* Checks what os_realloc returned, by the record of the request. */
static void *check_resized(void *resized)
{
    struct block request = kept(REQUEST);
    struct block old = {.start = NULL};

    if (request.number < MAX_BLOCKS)
        old = remove_block(request.number);
    if (request.size == 0) {
        if (resized != NULL)
            fail(": returned a block, expected NULL");
        return NULL;
    }
    check_block(resized, request.size);
    if (old.start != NULL) {
        size_t size = request.size < old.size ? request.size : old.size;

        tell(KEPT, old.number, check_contents(old.number, resized, size, "after"));
    }
    add(resized, request.size);
    return resized;
}

void *checked_realloc_at(struct place place, void *ptr, size_t size)
{
    struct last last = {.index = MAX_BLOCKS};

    if (ptr == NULL) {
        begin(place, "os_realloc(NULL, %zu)", size, 0);
    } else {
        begin(place, "os_realloc(a block of %zu bytes, %zu)", 0, size);
        last = check_last(ptr);
    }
    keep(REQUEST, (struct block){.size = size, .number = last.index});
    return check_resized(realloc_from(ptr, size, from(place, 0), last.number, last.checked));
}

void checked_free_at(struct place place, void *ptr)
{
    begin(place, "os_free(a block of %zu bytes)", 0, 0);

    struct last last = check_last(ptr);

    remove_block(last.index);
    free_from(ptr, from(place, 0), last.number, last.checked);
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

/* A phase is told like this, too; harness/trace/canonical.py has the numbers. */
static void mark(uintptr_t phase)
{
    syscall(SYS_munmap, phase, 0);
}

#define FROM_HERE ((struct place){this_file, __LINE__})

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
        char *next = checked_malloc_at(FROM_HERE, taken);

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
    fill_behind(checked_malloc_at(FROM_HERE, ALIGNMENT), ALIGNMENT);
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
        checked_free_at(FROM_HERE, filling[--filled]);
}

/* ---- The system ----------------------------------------------------------------------------- */

static struct rlimit granted;

void refuse_memory(void)
{
    /* This goes through the table: uftrace needs memory for the first call that it sees. */
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
    draw_key();
    add(sbrk((intptr_t)(pages * SIZE_PAGE)), pages * SIZE_PAGE);
    tell(ADDED, 0, 0);
}
