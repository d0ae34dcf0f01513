/* SPDX-License-Identifier: MIT */
/*
 * own_break.h - an sbrk() of the program's own, whose break the program can move.
 */
#ifndef OWN_BREAK_H
#define OWN_BREAK_H

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "block_meta.h"

static char *current;

void *sbrk(intptr_t increment)
{
    char *start = current;

    current += increment;
    return start;
}

/* Reserves an area without using its memory, and sets the break to its start. */
static inline void reserve(size_t area)
{
    current = mmap(NULL, area, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    DIE(current == MAP_FAILED, "mmap");
}

#endif
