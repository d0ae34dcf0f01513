/* SPDX-License-Identifier: MIT */
/*
 * growth.h - the end of the heap: where it grows, and where it shrinks.
 */
#ifndef GROWTH_H
#define GROWTH_H

#include <stdbool.h>
#include <stddef.h>

#include "attributes.h"

enum growth {
    GROWN,     /* the last block has the wanted size, and is not among the free blocks */
    REFUSED,   /* by the system; errno is ENOMEM, and nothing has changed */
    ELSEWHERE, /* there is a new free block, which may be large enough or not */
};

/* Memory from here on came from the system by the last growth, and nobody has written to it. The
 * page of the old break does not count: the break may have been above it before. */
INTERNAL char *growth_untouched;

/* Grows the heap for a request of `payload` bytes, which no free block can serve. An empty heap
 * first grows by `prealloc` bytes. */
enum growth growth_add(size_t payload, size_t prealloc);

/* Whether growth would extend the last block. */
bool growth_is_possible_in_place(void);

/* Grows the last block to `payload` bytes. It must not be among the free blocks. */
enum growth growth_extend_last(size_t payload);

/* Gives the last block back to the system if it is free, ends at the break, and takes `least` bytes
 * or more with its header. Returns whether it did. */
bool growth_return_end(size_t least);

#endif
