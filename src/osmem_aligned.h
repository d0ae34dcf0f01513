/* SPDX-License-Identifier: MIT */
/*
 * osmem_aligned.h - aligned blocks, which the malloc() family needs and osmem.h does not offer.
 */
#ifndef OSMEM_ALIGNED_H
#define OSMEM_ALIGNED_H

#include <stddef.h>

/* Like os_malloc(), at a multiple of `alignment`, a power of two. */
void *osmem_aligned(size_t alignment, size_t size);

#endif
