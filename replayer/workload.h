/* SPDX-License-Identifier: MIT */
/*
 * workload.h - a list of calls to an allocator, from a file; docs/workloads.md has the format.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stddef.h>

enum kind {
    ALLOCATE = 'a',
    RESIZE = 'r',
    RELEASE = 'f',
};

struct operation {
    enum kind kind;
    unsigned int id;
    size_t size; /* not for RELEASE */
    size_t line; /* where it is in the file */
};

struct workload {
    const char *path;
    size_t ids; /* they are below this */
    size_t count;
    const struct operation *operations;
    size_t peak; /* the most bytes that are allocated at a time */
};

/*
 * Reads a workload. One that an allocator can't be blamed for failing (it is cut short, miscounted,
 * frees twice...) ends the program with a line that names the file and the line.
 */
struct workload read_workload(const char *path);

#endif
