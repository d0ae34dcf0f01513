/* SPDX-License-Identifier: MIT */
/* plain.h - what the files of the plain implementation know of each other. */
#ifndef PLAIN_H
#define PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block_meta.h"
#include "mistakes.h"

#define SIZE_PAGE 4096

#pragma GCC visibility push(hidden)

/* ---- policy.c: the numbers and choices of the specification, or of OSMEM_CONF -----------------
 */

enum fit { BEST, FIRST, NEXT, WORST };
enum order { ADDRESS, LIFO };
enum merge { WHEN_FREE, AT_NEED };

extern struct policy {
    size_t mmap_threshold;
    size_t calloc_threshold;
    size_t prealloc_malloc;
    size_t prealloc_calloc;
    size_t alignment;
    size_t trim;
    size_t smallest_rest;
    size_t fit;
    size_t order;
    size_t merge;
} policy;

/* Which function a request comes from. */
enum caller { MALLOC, CALLOC, REALLOC };

/* ---- sizes.c -------------------------------------------------------------------------------- */

size_t smaller(size_t a, size_t b);
size_t round_up(size_t size, size_t step);
size_t header_size(void);

/* The payload of a block for `size` bytes. */
size_t align(size_t size);

/* Whether the size of a block for `size` bytes overflows; sets errno. */
bool overflows(size_t size);

size_t threshold_of(enum caller caller);
bool is_large(size_t size, enum caller caller);

/* ---- list.c: the blocks of the heap in the order of their addresses -------------------------- */

struct block_meta *block_of(void *ptr);
void *payload_of(struct block_meta *block);
struct block_meta *end_of(struct block_meta *block);

struct block_meta *first_block(void);
struct block_meta *last_block(void);
struct block_meta *next_of(struct block_meta *block);
struct block_meta *block_before(struct block_meta *block);
bool is_free(struct block_meta *block);
bool is_listed(struct block_meta *block);

/* Makes a header whose first word is the magic number, if the policy has one. */
struct block_meta *begin_header(void *start);

/* Marks a block as free from now on, and whether one has become free later than another. */
void set_free(struct block_meta *block);
bool is_freed_later(struct block_meta *block, struct block_meta *other);

/* Makes a block as young as another one that became free later. */
void take_age(struct block_meta *block, struct block_meta *other);

void put_first(struct block_meta *block);
void put_last(struct block_meta *block);
void put_after(struct block_meta *block, struct block_meta *added);
void take_out(struct block_meta *block);
void take_out_next(struct block_meta *block);
void forget_all_but(struct block_meta *block);
void take_for_last(struct block_meta *block);

/* ---- merge.c -------------------------------------------------------------------------------- */

/* The heap is in several pieces from now on: someone else's memory lies between them. */
void note_gap(void);

/* Whether a free block follows, with nobody else's memory between the two. */
bool next_is_free(struct block_meta *block);

void absorb_next(struct block_meta *block);

/* Merges all free neighbours. */
void coalesce(void);

/* What is done about the neighbours of a block when it becomes free: nothing, if all is right. */
void merge_freed(struct block_meta *block);

size_t smallest_rest(void);

/* Cuts `block` down to `payload` bytes if the rest can be a block. */
void split(struct block_meta *block, size_t payload);

/* ---- heap.c --------------------------------------------------------------------------------- */

/* The free block that a request takes; NULL if none is large enough. */
struct block_meta *find_free(size_t payload);
struct block_meta *take_from_heap(size_t payload, enum caller caller);

bool heap_exists(void);
bool ends_at_break(struct block_meta *block);

/* Moves the break; NULL if the system refuses. */
void *ask_break(size_t bytes);

/* A new last block out of `bytes` bytes from the system, of which `padding` come before it. */
struct block_meta *append(size_t bytes, size_t padding);

/* Makes the last block, which ends at the break, as large as `payload`. */
bool extend(struct block_meta *last, size_t payload);

/* The heap's first growth; false if the system refuses. */
bool preallocate(enum caller caller);

/* Gives the heap's free end back to the system if the policy asks for it. */
void trim(void);

/* ---- mapping.c ------------------------------------------------------------------------------ */

struct block_meta *take_mapping(size_t payload);
void unmap(struct block_meta *block);

size_t mappings_alive(void);
size_t mappings_made(void);

/* What mappings have spoilt: nothing, if all is right. */
bool heap_is_disabled(void);
bool free_blocks_are_hidden(void);
bool first_mapping_dangles(void);

/* ---- osmem.c -------------------------------------------------------------------------------- */

/* A new block for `size` bytes; NULL if there is none. */
struct block_meta *take(size_t size, enum caller caller);

/* As os_free(), but the heap keeps its end. */
void give_back(void *ptr);

/* Writes down what size the program has asked for, as far as it matters. */
void record_size(struct block_meta *block, size_t size);

/* Sets errno to `error` because the system refused a request. */
void note_refusal(int error);

/* ---- realloc.c ------------------------------------------------------------------------------ */

/* The block that os_realloc() is looking for another place for, and whether it has taken in free
 * neighbours that were too small. */
extern struct block_meta *moving;
extern bool moving_past_free;

#pragma GCC visibility pop

#endif
