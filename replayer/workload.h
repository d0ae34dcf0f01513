/* SPDX-License-Identifier: MIT */
/*
 * workload.h - a list of calls to an allocator, read from a file in the format of
 * docs/workloads.md.
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
    size_t line; /* in the file */
};

struct workload {
    const char *path;
    size_t ids; /* all are below this */
    size_t count;
    const struct operation *operations;
    size_t peak; /* the most bytes allocated at a time */
};

/*
 * Reads a workload. An invalid one (cut short, miscounted, with a double free...) ends the program
 * with a message that names the file and the line, so that no allocator is blamed for it.
 */
struct workload read_workload(const char *path);

#endif
