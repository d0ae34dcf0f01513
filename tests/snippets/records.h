/* SPDX-License-Identifier: MIT */
/*
 * records.h - what a test program has to know of its blocks when a call returns.
 *
 * Nothing that is needed after a call is kept in a variable meanwhile, where the library could
 * change it: it is kept in records, under a key that is drawn once the library's constructors have
 * run. A library that finds the key has to lie to the tracer as well.
 */
#ifndef RECORDS_H
#define RECORDS_H

#include <stddef.h>
#include <stdint.h>

#define MAX_BLOCKS 512
#define REQUEST    MAX_BLOCKS /* the record of the call */

struct block {
    unsigned char *start; /* NULL: an unused record */
    size_t size;
    size_t number; /* of the record of a request: which record the block resized has */
};

/* The first call draws the key; all records are unused then. */
void draw_key(void);
void keep(size_t index, struct block block);
struct block kept(size_t index);

/* Draws a number that nobody can guess. */
void draw(volatile uint64_t *word);

/* Changes each bit of a number by all others. */
uint64_t mix(uint64_t value);

#endif
