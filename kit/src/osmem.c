/*
 * osmem.c - your allocator.
 *
 * docs/specification.md says what these functions do. Add as many files as you like: the
 * Makefile builds all of this folder. Call neither malloc() nor the C library's printf(), which
 * calls malloc(); the printf() of utils/printf.h needs no memory.
 */
#include "osmem.h"
#include "block_meta.h"

/*
 * Allocates a block of at least `size` bytes and returns the address of its payload. The contents
 * are unspecified. Returns NULL if `size` is 0, and NULL with errno set to ENOMEM on failure.
 */
void *os_malloc(size_t size)
{
    (void)size;
    return NULL;
}

/*
 * Allocates a block for `nmemb` elements of `size` bytes each, all set to 0, and returns the
 * address of its payload. Returns NULL if either is 0, and NULL with errno set to ENOMEM on
 * failure, which includes a product that overflows.
 */
void *os_calloc(size_t nmemb, size_t size)
{
    (void)nmemb;
    (void)size;
    return NULL;
}

/*
 * Resizes the block at `ptr` to at least `size` bytes and returns its address, which may be a new
 * one. The contents stay the same, up to the smaller of both sizes. Allocates a block if `ptr` is
 * NULL; frees it and returns NULL if `size` is 0. On failure the block stays as it was, and NULL is
 * returned with errno set to ENOMEM.
 */
void *os_realloc(void *ptr, size_t size)
{
    (void)ptr;
    (void)size;
    return NULL;
}

/*
 * Frees the block at `ptr`. Does nothing if `ptr` is NULL.
 */
void os_free(void *ptr)
{
    (void)ptr;
}
