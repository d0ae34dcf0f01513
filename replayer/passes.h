/* SPDX-License-Identifier: MIT */
/*
 * passes.h - the ways a workload is played. Each is for one thing, so that none disturbs another:
 * contents are not checked while time is taken. A pass runs in a process of its own, where the
 * allocator was never called, and leaves what it finds in shared memory.
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
    size_t rounds; /* to take the time of */
};

struct result {
    const struct operation *at; /* the one that is being played; NULL where that isn't known */
    char fault[128];            /* what is wrong with the allocator; empty if nothing is */
    bool complete;              /* the pass has come to its end */
    size_t held;                /* bytes, by measure() */
    uint64_t nanoseconds;       /* by take_time() */
};

typedef void pass(const struct play *play, struct result *result);

/* Are blocks aligned, apart from each other, and do they keep what is written into them? */
pass verify;

/* How much memory does the allocator hold at its peak? */
pass measure;

/* How long does the fastest round take? */
pass take_time;

/* Ends a pass. */
_Noreturn void fail(struct result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
