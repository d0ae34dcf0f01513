/* SPDX-License-Identifier: MIT */
/*
 * policy.h - the numbers that decide where a request goes and how much the heap asks for.
 *
 * They are the specification's by default, and can be set for one run in the environment variable
 * OSMEM_CONF, as jemalloc does: OSMEM_CONF=prealloc_calloc:131072,mmap_threshold:65536
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "attributes.h"

#define ALIGNMENT      8
#define SIZE_PAGE      4096
#define MMAP_THRESHOLD (128 * 1024)

/* All but the last in bytes. A total is a payload rounded up to the alignment, plus its header. */
struct policy {
    size_t mmap_threshold;   /* os_malloc, os_realloc: a total of this or more is mapped */
    size_t calloc_threshold; /* os_calloc: the same */
    size_t prealloc_malloc;  /* the heap's first growth if os_malloc or os_realloc asks; 0: none */
    size_t prealloc_calloc;  /* the heap's first growth if os_calloc asks; 0: none */
    size_t alignment;        /* of every payload; a power of two from 8 to the header's size */
    size_t check;            /* 1: all that can be known of the caller's mistakes is looked for */
};

/* For those who come after policy() was called: the heap, and whatever holds a block of it. */
INTERNAL struct policy policy_in_force;
INTERNAL bool policy_is_known;

/* The largest request that os_malloc and os_realloc take to the heap; 0 if there is none, and until
 * the policy is known. So one comparison of a size less 1 sorts out all that is not usual: a large
 * request, one of no bytes, and the first. */
INTERNAL size_t policy_heap_limit;

/* What holds if OSMEM_CONF says nothing. */
INTERNAL const struct policy policy_standard;

/* Reads OSMEM_CONF; one that is malformed is reported on standard error and ignored as a whole. */
void policy_read(void);

static inline const struct policy *policy(void)
{
    if (UNLIKELY(!__atomic_load_n(&policy_is_known, __ATOMIC_ACQUIRE)))
        policy_read();
    return &policy_in_force;
}

#endif
