/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "calls.h"
#include "contents.h"
#include "printf.h"
#include "records.h"
#include "snippet.h"
#include "system.h"
#include "telling.h"

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
    statement.number = statement.checked = statement.digest = 0;
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

_Noreturn void fail(const char *format, ...)
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

/* ---- Blocks in use -------------------------------------------------------------------------- */

static size_t find(const void *start)
{
    for (size_t i = 0; i < MAX_BLOCKS; i++)
        if (kept(i).start == start)
            return i;
    fail(": the test itself is wrong: %s",
         start == NULL ? "too many blocks in use" : "not a block in use");
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
    fill(block.number, start, size);
}

/* Checks a block for the last time, and states it. The block's size becomes the call's first
 * number. Returns which record it has. */
static size_t check_last(const void *start)
{
    size_t index = find(start);
    struct block block = kept(index);

    call.numbers[0] = block.size;
    statement.number = block.number;
    statement.checked = check_untouched(block.number, start, block.size);
    return index;
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

/* What a call tells the tracer. */
static uint64_t from(struct place place, unsigned int bits)
{
    return CALL_FROM(place.file == phases ? 0 : place.line, CALL_CHECKED | bits);
}

void begin_malloc(struct place place, size_t size)
{
    begin(place, "os_malloc(%zu)", size, 0);
    ask_for(size);
    give(size, from(place, 0));
}

void *end_malloc(void *ptr)
{
    restore_callers();
    check_block(ptr, asked_for());
    add(ptr, asked_for());
    return ptr;
}

static void begin_array(struct place place, size_t nmemb, size_t size, unsigned int bits)
{
    begin(place, "os_calloc(%zu, %zu)", nmemb, size);
    ask_for(nmemb * size);
    give_two(nmemb, size, from(place, bits));
}

void begin_calloc(struct place place, size_t nmemb, size_t size)
{
    begin_array(place, nmemb, size, CALL_CLEARED);
}

void begin_uncleared_calloc(struct place place, size_t nmemb, size_t size)
{
    begin_array(place, nmemb, size, 0);
}

void *end_calloc(void *ptr)
{
    restore_callers();
    check_block(ptr, asked_for());
    check_cleared(ptr, asked_for());
    add(ptr, asked_for());
    return ptr;
}

static size_t smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

void begin_realloc(struct place place, void *ptr, size_t size)
{
    size_t index = MAX_BLOCKS;

    if (ptr == NULL) {
        begin(place, "os_realloc(NULL, %zu)", size, 0);
    } else {
        begin(place, "os_realloc(a block of %zu bytes, %zu)", 0, size);
        index = check_last(ptr);
        scramble(ptr, statement.checked);
        statement.digest = digest_of(ptr, smaller(statement.checked, size));
    }
    keep(REQUEST, (struct block){.size = size, .number = index});
    give_two((uintptr_t)ptr, size, from(place, 0));
}

/* Goes by the record of the request. */
void *end_realloc(void *resized)
{
    restore_callers();

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
    if (old.start != NULL)
        check_kept(old.number, resized, smaller(request.size, old.size));
    add(resized, request.size);
    return resized;
}

void begin_free(struct place place, void *ptr)
{
    begin(place, "os_free(a block of %zu bytes)", 0, 0);
    remove_block(check_last(ptr));
    give((uintptr_t)ptr, from(place, 0));
}

void *end_free(void *nothing)
{
    (void)nothing;
    restore_callers();
    check_errno();
    return NULL;
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

/* ---- The system ----------------------------------------------------------------------------- */

static struct rlimit granted;

/* Runs before main(): the library could put code of its own into the table that this goes through.
 * It has to go through that, as uftrace needs memory for the first call that it sees. */
__attribute__((constructor)) static void note_granted(void)
{
    getrlimit(RLIMIT_DATA, &granted);
}

void refuse_memory(void)
{
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
