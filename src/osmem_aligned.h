/* SPDX-License-Identifier: MIT */
/*
 * osmem_aligned.h - what the malloc() family needs beyond the public functions.
 */
#ifndef OSMEM_ALIGNED_H
#define OSMEM_ALIGNED_H

#include <stddef.h>

/* As os_malloc(), at a multiple of `alignment`, which is a power of two. */
void *osmem_aligned(size_t alignment, size_t size);

#endif
