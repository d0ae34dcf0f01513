/* SPDX-License-Identifier: MIT */
/*
 * calls.h - calls of the allocator after which the test program goes on where it was.
 *
 * A library can write wherever the program can: to the return addresses on the stack, too, so that
 * code of its own runs outside of its calls. So each call is made by a few instructions that trust
 * no register and nothing on the stack when it has returned. They find in a statement where to go
 * on, and put the return addresses of all callers back from there. The tracer shows the statement
 * when the call begins and when it returns; harness/checking/callers.py compares the two.
 *
 * The callers have to find their own return addresses by the frame pointer, as they do if compiled
 * without optimisation.
 */
#ifndef CALLS_H
#define CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "snippet.h"

#define MOST_CALLERS 6

/* harness/tracers/ltrace_output.py has the number of its words, too. */
extern struct statement {
    uint64_t number;  /* of the block whose contents were checked just before the call */
    uint64_t checked; /* how many bytes of it */
    uint64_t digest;  /* of those that os_realloc() has to keep */
    uintptr_t stack;  /* where the return address of the innermost caller lies */
    struct {
        uintptr_t frame; /* the caller's frame pointer */
        uintptr_t next;  /* where it goes on */
    } callers[MOST_CALLERS];
} statement;

/* Where the functions that begin a call leave its arguments. */
extern uintptr_t arguments[5];

/* Notes what the next call is given, and where the program has to go on after it. */
void give(uintptr_t argument, uint64_t from);
void give_two(uintptr_t first, uintptr_t second, uint64_t from);

/* Puts the return addresses back. */
void restore_callers(void);

/* What begins a checked call, and what ends it. */
void begin_malloc(struct place place, size_t size);
void begin_calloc(struct place place, size_t nmemb, size_t size);
void begin_uncleared_calloc(struct place place, size_t nmemb, size_t size);
void begin_realloc(struct place place, void *ptr, size_t size);
void begin_free(struct place place, void *ptr);
void *end_malloc(void *ptr);
void *end_calloc(void *ptr);
void *end_realloc(void *resized);
void *end_free(void *nothing);
void *end_unchecked(void *result);

#endif
