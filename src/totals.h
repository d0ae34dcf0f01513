/* SPDX-License-Identifier: MIT */
/*
 * totals.h - what the heap holds now, found by a walk over all blocks.
 */
#ifndef TOTALS_H
#define TOTALS_H

#include <stddef.h>

struct totals {
    size_t blocks;
    size_t bytes;   /* of their payloads */
    size_t largest; /* payload */
};

struct heap_totals {
    struct totals live, unused; /* unused are also those that the program has freed, but are kept */
    size_t bytes;               /* of the whole heap, headers included */
    size_t free_end;            /* of these, what trimming would return by moving the break */
};

/* Counts the blocks of the heap, under its lock. */
struct heap_totals heap_totals(void);

#endif
