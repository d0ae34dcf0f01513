/* SPDX-License-Identifier: MIT */
/*
 * passes.h - the passes that play a workload.
 *
 * Each pass has one purpose, so that none disturbs another: the pass that takes the time does not
 * check contents. A pass runs in a process of its own, where the allocator was never called before,
 * and leaves its result in shared memory.
 */
#ifndef PASSES_H
#define PASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocator.h"
#include "workload.h"

struct play {
    struct workload workload;
    struct allocator allocator;
    size_t rounds; /* of take_time() */
};

struct result {
    const struct operation *at; /* the operation being played; NULL if that isn't known */
    char fault[128];            /* the allocator's error; empty if there is none */
    bool complete;              /* the pass has reached its end */
    size_t held;                /* bytes, by measure() */
    uint64_t nanoseconds;       /* by take_time() */
};

typedef void pass(const struct play *play, struct result *result);

/* Checks that blocks are aligned, don't overlap and keep their contents. */
pass verify;

/* Measures the memory that the allocator holds at its peak. */
pass measure;

/* Measures the time of the fastest round. */
pass take_time;

/* Ends a pass with an error of the allocator. */
_Noreturn void fail(struct result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
