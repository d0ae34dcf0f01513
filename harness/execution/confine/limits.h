/* SPDX-License-Identifier: MIT */
#pragma once

#include <err.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

#include "number.h"

#define LIMIT_OPTIONS "p:m:f:c:a:w:"

/* What a command may use in a sandbox, by the options that limit it; 0 if it is not given. */
struct limits {
    long processes, mib, files;         /* -p, -m, -f: of all that it starts together */
    long seconds, memory_mib, file_mib; /* -c, -a, -w: of each process, as the kernel does */
};

/* Return whether an option is for a limit, and take it. */
static inline bool take_limit(struct limits *limits, int option, const char *text)
{
    long *const limit = option == 'p'   ? &limits->processes
                        : option == 'm' ? &limits->mib
                        : option == 'f' ? &limits->files
                        : option == 'c' ? &limits->seconds
                        : option == 'a' ? &limits->memory_mib
                        : option == 'w' ? &limits->file_mib
                                        : NULL;

    if (limit != NULL)
        *limit = number(text);
    return limit != NULL;
}

static inline void limit_resource(int resource, rlim_t most)
{
    struct rlimit both = {most, most};

    if (setrlimit(resource, &both) < 0)
        err(2, "limit %d", resource);
}

/* Limit each process from here on. There are no dumps, whose size no other limit bounds. */
static inline void limit_processes(const struct limits *limits)
{
    if (limits->seconds)
        limit_resource(RLIMIT_CPU, limits->seconds);
    if (limits->memory_mib)
        limit_resource(RLIMIT_AS, (rlim_t)limits->memory_mib << 20);
    if (limits->file_mib)
        limit_resource(RLIMIT_FSIZE, (rlim_t)limits->file_mib << 20);
    limit_resource(RLIMIT_CORE, 0);
}
