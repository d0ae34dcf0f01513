/* SPDX-License-Identifier: MIT */
/*
 * snippet.h - what the test programs are made of.
 *
 * A test program calls the allocator, and the trace of its calls shows which requests to the system
 * each of them made. What a trace can't show is checked here: checked_malloc() calls os_malloc()
 * and so on, with the same arguments, and checks that
 *
 *   - a block is returned, its address is aligned, and it overlaps no other block in use;
 *   - os_calloc() has cleared it, and os_realloc() has kept its contents;
 *   - nothing has written into it from the time it was handed out until it is freed: the functions
 *     fill every block with a pattern of its own and look for it later;
 *   - errno is left alone where a block is handed out or freed, once errno_counts() was called.
 *
 * The first failure is told in one line on standard error, and ends the program with status 1.
 *
 * A test judges one rule, and says where:
 *
 *     set_up();        takes up what is preallocated, however much that is, and begins the set-up:
 *     ...              plain steps that build the state in which the rule is judged
 *     judged_part();
 *     ...              what is compared with the reference: its requests, and its addresses as told
 *                      from the blocks of the set-up and from the heap's end
 *     clean_up();
 *     ...              gives all memory back
 *
 * All that is free in the judged part was freed in the set-up, and lies between blocks in use. A
 * program that is judged from the heap's beginning has no set_up().
 */
#ifndef SNIPPET_H
#define SNIPPET_H

#include <stdint.h>

#include "block_meta.h"
#include "osmem.h"

/* The numbers of the policy. A suite with another policy has others; see programs.py. */
#ifndef ALIGNMENT
#define ALIGNMENT 8
#endif
#ifndef MMAP_THRESHOLD
#define MMAP_THRESHOLD (128 * 1024)
#endif
#ifndef CALLOC_THRESHOLD
#define CALLOC_THRESHOLD 4096
#endif
#ifndef SMALLEST_PAYLOAD
#define SMALLEST_PAYLOAD 8 /* of what is left over of a block that is split */
#endif

/* What the heap first asks for. A test of that needs some size, even if nothing is preallocated. */
#ifndef FIRST_OF_MALLOC
#define FIRST_OF_MALLOC MMAP_THRESHOLD
#endif
#ifndef FIRST_OF_CALLOC
#define FIRST_OF_CALLOC CALLOC_THRESHOLD
#endif

#define SIZE_PAGE     4096
#define METADATA_SIZE sizeof(struct block_meta)

/* How much memory a block for `size` bytes takes up, and the size whose block takes up `total`. */
#define TOTAL(size)    (((size) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + METADATA_SIZE)
#define PAYLOAD(total) ((total)-METADATA_SIZE)

/* The smallest size whose total overflows; it does so only because the size is rounded up. */
#define TOTAL_TOO_LARGE (SIZE_MAX - METADATA_SIZE - ALIGNMENT + 2)

/* The least that has to be left over for a block to be split. */
#define SMALLEST_REST TOTAL(SMALLEST_PAYLOAD)

/* The smallest size that takes a free block of `size` bytes whole: the rest can't be a block. */
#define NEARLY_ALL(size) ((size)-SMALLEST_REST + ALIGNMENT)

/* A fifth of the least, up to five of them: what is left over of a block that stays whole. */
#define SMALL_REST(fifths) (SMALLEST_REST * (fifths) / 5 / ALIGNMENT * ALIGNMENT)

/* A large size, which is to the threshold as `size` is to 128 KiB. */
#define LARGE(size) ((size_t)(size) * (MMAP_THRESHOLD / 1024) / 128 / 16 * 16)

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* A line of a test program. */
struct place {
    const char *file;
    int line;
};

#define HERE ((struct place){__FILE__, __LINE__})

/*
 * The tracer shows the line of each call, and whether the call is checked. They come as an argument
 * more than the function takes, and the upper half tells it from what else may lie there. Then
 * comes, twice, the statement of calls.h. harness/tracers/ltrace.py has all of them, too.
 */
#define CALL_TAG              0x5E7B11E0u
#define CALL_CHECKED          1u
#define CALL_CLEARED          2u /* and it will be checked that the array is cleared */
#define CALL_FROM(line, bits) ((uint64_t)(CALL_TAG | (bits)) << 32 | (uint32_t)(line))

void *malloc_from(size_t size, uint64_t from);
void *calloc_from(size_t nmemb, size_t size, uint64_t from);
void *realloc_from(void *ptr, size_t size, uint64_t from);
void free_from(void *ptr, uint64_t from);

#define os_malloc(size)        malloc_from(size, CALL_FROM(__LINE__, 0))
#define os_calloc(nmemb, size) calloc_from(nmemb, size, CALL_FROM(__LINE__, 0))
#define os_realloc(ptr, size)  realloc_from(ptr, size, CALL_FROM(__LINE__, 0))
#define os_free(ptr)           free_from(ptr, CALL_FROM(__LINE__, 0))

#define checked_malloc(size)          checked_malloc_at(HERE, size)
#define checked_calloc(nmemb, size)   checked_calloc_at(HERE, nmemb, size)
#define uncleared_calloc(nmemb, size) uncleared_calloc_at(HERE, nmemb, size)
#define checked_realloc(ptr, size)    checked_realloc_at(HERE, ptr, size)
#define checked_free(ptr)             checked_free_at(HERE, ptr)

void *checked_malloc_at(struct place place, size_t size);
void *checked_calloc_at(struct place place, size_t nmemb, size_t size);

/* As checked_calloc(), where another rule is judged: whether the block is cleared is not looked at.
 */
void *uncleared_calloc_at(struct place place, size_t nmemb, size_t size);

/* `ptr` is NULL or a block in use. If `size` is 0 the block is in use no longer, and NULL is what
 * has to be returned. */
void *checked_realloc_at(struct place place, void *ptr, size_t size);
void checked_free_at(struct place place, void *ptr);

/* From here on a call that succeeds must leave errno alone. */
void errno_counts(void);

void set_up(void);

/* The same, after a first request for ALIGNMENT bytes by the function that is judged: it may be the
 * one that preallocates. */
void set_up_after(void *first);
void judged_part(void);
void clean_up(void);

/* The file of these functions: calls from there are of no line of the test. */
extern const char phases[];

/* Checks that `call` returns NULL where that is no failure: errno may be what it likes. */
#define CHECK_NULL(call) check_null(HERE, #call, (call))

/* Checks that `call` fails: it returns NULL and errno is ENOMEM. */
#define CHECK_ENOMEM(call) check_enomem(HERE, #call, (errno = ERRNO_UNTOUCHED, (call)))

#define ERRNO_UNTOUCHED EDOM

/* From here on the system refuses all memory, until it is told to grant it again. */
void refuse_memory(void);
void grant_memory(void);

/* Someone else moves the break up. What he has taken must not be handed out. */
void move_break(size_t pages);

void check_null(struct place place, const char *call, const void *result);
void check_enomem(struct place place, const char *call, const void *result);

#endif
