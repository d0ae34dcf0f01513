/* SPDX-License-Identifier: MIT */
/*
 * osmem.h - a memory allocator on top of sbrk() and mmap().
 *
 * Small requests are served from the heap, each large one by a mapping of its own. Addresses are
 * multiples of 8, unless the assignment has another alignment. On failure, a function returns NULL
 * and sets errno to ENOMEM; on success, it leaves errno unchanged.
 */
#ifndef OSMEM_H
#define OSMEM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Allocates at least `size` bytes, with unspecified contents. Returns NULL if `size` is 0. */
void *os_malloc(size_t size);

/* Allocates `nmemb` elements of `size` bytes each, set to zero. Returns NULL if either is 0; fails
 * if their product overflows. */
void *os_calloc(size_t nmemb, size_t size);

/*
 * Resizes the block at `ptr` to at least `size` bytes and returns its address, which may be a new
 * one. The contents stay the same up to the smaller of the two sizes. os_realloc(NULL, size) is the
 * same as os_malloc(size). os_realloc(ptr, 0) is the same as os_free(ptr), and returns NULL.
 * Returns NULL for a block that is already free. On failure, the old block stays valid and unmoved.
 */
void *os_realloc(void *ptr, size_t size);

/* Frees the block at `ptr`. Does nothing for NULL and for a block that is already free. */
void os_free(void *ptr);

/* Checks the whole heap: order, links and sizes of all blocks, no two free blocks adjacent, and
 * every free block in the index. If anything is wrong, reports it on standard error and aborts.
 * OSMEM_CONF=check:1 also runs this check at exit. */
void os_malloc_check(void);

/* Gives the free memory at the end of the heap back to the system. Returns 1 if there was any, else
 * 0. OSMEM_CONF=trim:N does the same whenever N bytes or more are free there. */
int os_malloc_trim(void);

/* Prints to standard error how much the heap and the mappings hold. */
void os_malloc_stats(void);

#ifdef __cplusplus
}
#endif

#endif
