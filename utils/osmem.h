/* SPDX-License-Identifier: MIT */
/*
 * osmem.h - a memory allocator on top of sbrk() and mmap().
 *
 * Small requests are served from the heap, large ones by a mapping of their own. Addresses handed
 * out are aligned to 8 bytes. On failure a function returns NULL and sets errno to ENOMEM; on
 * success it leaves errno alone.
 */
#ifndef OSMEM_H
#define OSMEM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* At least `size` bytes of memory with unspecified contents. NULL if `size` is 0. */
void *os_malloc(size_t size);

/* Memory for `nmemb` elements of `size` bytes, cleared to zero. NULL if either is 0 or if their
 * product does not fit a size_t (then errno is ENOMEM). */
void *os_calloc(size_t nmemb, size_t size);

/*
 * Changes the block at `ptr` to hold at least `size` bytes, keeping its contents up to the smaller
 * of both sizes, and returns its address, which may be a new one. os_realloc(NULL, size) is
 * os_malloc(size); os_realloc(ptr, 0) is os_free(ptr) and returns NULL. A block that was freed
 * already gives NULL. On failure the old block stays valid and where it is.
 */
void *os_realloc(void *ptr, size_t size);

/* Gives back the block at `ptr`. Does nothing for NULL and for a block that is free already. */
void os_free(void *ptr);

/* Proves that the heap is sound: order, links and sizes of all blocks, no two free ones adjacent,
 * and every free one where it can be found. Otherwise says on standard error what is not, and
 * aborts. With OSMEM_CONF=check:1 this is done at exit as well. */
void os_malloc_check(void);

/* Prints on standard error what the heap and the mappings hold. */
void os_malloc_stats(void);

#ifdef __cplusplus
}
#endif

#endif
