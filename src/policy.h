/* SPDX-License-Identifier: MIT */
/*
 * policy.h - the numbers and choices that decide where a request goes, which free block it takes
 * and how much the heap asks for.
 *
 * The environment variable OSMEM_CONF overrides the defaults for one run, in jemalloc's syntax:
 * OSMEM_CONF=prealloc_calloc:131072,mmap_threshold:65536
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "attributes.h"

#define ALIGNMENT      8
#define SIZE_PAGE      4096
#define MMAP_THRESHOLD (128 * 1024)

enum fit { FIT_BEST, FIT_FIRST, FIT_NEXT, FIT_WORST };
enum order { ORDER_ADDRESS, ORDER_LIFO };
enum merge { MERGE_WHEN_FREE, MERGE_AT_NEED };

/* In bytes, except where noted. A total is a payload rounded up to the alignment, plus its header.
 */
struct policy {
    size_t mmap_threshold;   /* os_malloc and os_realloc map a total of this or more */
    size_t calloc_threshold; /* os_calloc does the same from this on */
    size_t prealloc_malloc;  /* first growth of the heap for os_malloc or os_realloc; 0: none */
    size_t prealloc_calloc;  /* first growth of the heap for os_calloc; 0: none */
    size_t alignment;        /* of every payload; a power of two from 8 to the size of a header */
    size_t trim;             /* free bytes from which the end of the heap is returned; 0: never */
    size_t smallest_rest;    /* least payload of a rest that is split off */
    size_t fit;              /* which of the free blocks that are large enough is taken */
    size_t order;            /* which of several that fit alike: the lowest, or the last freed */
    size_t merge;            /* when free blocks merge */
    size_t thread_cache;     /* bytes of one size that a thread may keep when it frees them */
    size_t check;            /* 1: detect every memory error of the caller that can be detected */

    /* The rest is decided by the library, not by OSMEM_CONF. */
    size_t max_mappings; /* further large blocks come from the heap */
    bool extended; /* mappings may be resized, and hold aligned blocks, against the specification */
    bool rising;   /* the thresholds rise when mappings are freed, until somebody sets them */
};

/* Valid once policy() was called; the heap and everything that holds a block can rely on that. */
INTERNAL struct policy policy_in_force;
INTERNAL bool policy_is_known;

/* The largest request that os_malloc and os_realloc take to the heap; 0 if there is none, and until
 * the policy is known. Comparing a size minus 1 with it therefore filters out every unusual request
 * at once: a large one, one of 0 bytes, and the first. */
INTERNAL size_t policy_heap_limit;

/* The defaults, which each library defines (see standard.c and preload.c). */
INTERNAL const struct policy policy_standard;

/* Reads OSMEM_CONF. If it is malformed, reports it on standard error and ignores all of it. */
void policy_read(void);

/* Changes a value of policy_in_force, which decides only about calls from now on. */
void policy_set(size_t *value, size_t to);
void policy_set_mmap_threshold(size_t bytes);

/* Raises the thresholds above `total`, that of a mapping that is freed, if they are to rise, and if
 * the heap would not return so much memory at once: programs tend to use a size again, which takes
 * the system far longer than the heap. */
void policy_note_unmapped(size_t total);

static inline const struct policy *policy(void)
{
    if (UNLIKELY(!__atomic_load_n(&policy_is_known, __ATOMIC_ACQUIRE)))
        policy_read();
    return &policy_in_force;
}

/* Whether blocks have what detects errors at the cost of memory (see hardened.h). The specification
 * leaves no room for that. */
static inline bool policy_is_hardened(void)
{
    return policy()->check && policy()->extended;
}

#endif
