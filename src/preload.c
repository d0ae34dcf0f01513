/* SPDX-License-Identifier: MIT */
/*
 * preload.c - the malloc() family of libc on the same heap, for libosmem-preload.so.
 *
 *     LD_PRELOAD=libosmem-preload.so program
 *
 * libc promises more than the public functions do: a request for 0 bytes returns a block of its
 * own, and addresses suit any type.
 */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "hardened.h"
#include "osmem.h"
#include "osmem_aligned.h"
#include "page.h"
#include "report.h"
#include "requests.h"

/* os_calloc() uses the heap as os_malloc() does: a mapping per block would slow programs down.
 * Linux allows a process 65,530 mappings by default, which its threads and libraries need, too. */
const struct policy policy_standard = {
    .mmap_threshold = MMAP_THRESHOLD,
    .calloc_threshold = MMAP_THRESHOLD,
    .prealloc_malloc = MMAP_THRESHOLD,
    .prealloc_calloc = MMAP_THRESHOLD,
    .alignment = 16,
    .trim = 1 << 20,
    .smallest_rest = 16,
    .thread_cache = 8 << 10,
    .max_mappings = 32000,
    .extended = true,
    .rising = true,
};

static OUTLINE void *take_nothing(void)
{
    return policy_is_hardened() ? hardened_take(0) : os_calloc(1, 1);
}

static void *take_aligned(size_t alignment, size_t size)
{
    if (size == 0 && policy_is_hardened())
        return hardened_take_aligned(0, alignment);
    return osmem_aligned(alignment, size == 0 ? 1 : size);
}

API void *malloc(size_t size)
{
    return size == 0 ? take_nothing() : os_malloc(size);
}

API void *calloc(size_t nmemb, size_t size)
{
    return nmemb == 0 || size == 0 ? take_nothing() : os_calloc(nmemb, size);
}

API void *realloc(void *ptr, size_t size)
{
    return ptr == NULL ? malloc(size) : os_realloc(ptr, size);
}

API void *reallocarray(void *ptr, size_t nmemb, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(nmemb, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(ptr, bytes);
}

API void free(void *ptr)
{
    os_free(ptr);
}

API void cfree(void *ptr)
{
    os_free(ptr);
}

static bool is_power_of_two(size_t number)
{
    return number != 0 && (number & (number - 1)) == 0;
}

API int posix_memalign(void **result, size_t alignment, size_t size)
{
    int saved_errno = errno;

    if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0)
        return EINVAL;

    void *ptr = take_aligned(alignment, size);

    errno = saved_errno;
    if (ptr == NULL)
        return ENOMEM;
    *result = ptr;
    return 0;
}

API void *aligned_alloc(size_t alignment, size_t size)
{
    if (!is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return take_aligned(alignment, size);
}

/* Rounds the alignment up to a power of two, as glibc does. */
API void *memalign(size_t alignment, size_t size)
{
    size_t power = 1;

    if (alignment > SIZE_MAX / 2 + 1) {
        errno = EINVAL;
        return NULL;
    }
    while (power < alignment)
        power *= 2;
    return aligned_alloc(power, size);
}

API void *valloc(size_t size)
{
    return aligned_alloc(page_size(), size);
}

API void *pvalloc(size_t size)
{
    size_t pages;

    if (__builtin_add_overflow(size, page_size() - 1, &pages)) {
        errno = ENOMEM;
        return NULL;
    }
    return valloc(pages & -page_size());
}

API size_t malloc_usable_size(void *ptr)
{
    if (ptr == NULL)
        return 0;

    struct block_meta *block = (struct block_meta *)ptr - 1;

    if (policy_is_hardened())
        return hardened_size(block);
    if (!is_held(block))
        expect_block(block);
    return block->size;
}

#ifdef __LP64__

/* operator delete of C++, which this library calls as any other part of a program would. */
extern void _ZdlPv(void *ptr) __attribute__((weak));

typedef void delete_sized(void *ptr, size_t size);

API delete_sized _ZdlPvm;

/* Returns the operator that the library around `caller` has brought along; NULL if there is none.
 */
static OUTLINE delete_sized *find_own_delete(void *caller)
{
    Dl_info found;
    void *library =
        dladdr(caller, &found) == 0 ? NULL : dlopen(found.dli_fname, RTLD_LAZY | RTLD_NOLOAD);

    if (library == NULL)
        return NULL;

    delete_sized *own = (delete_sized *)dlsym(library, "_ZdlPvm");

    dlclose(library); /* it stays, as it was there before */
    return own == _ZdlPvm ? NULL : own;
}

/* Whether an object is clearly a block. Nearly all headers lie in the page of their payload,
 * however small pages are, and can be read without asking the system. */
static bool is_block(void *object)
{
    struct block_meta *block = (struct block_meta *)object - 1;

    return ((uintptr_t)object % SIZE_PAGE >= sizeof(*block) || can_read_header(block)) &&
           is_live(block);
}

/* operator delete with the size of the object, which may have been destroyed as one of another
 * class. An object need not come from malloc(): only what is clearly a block is checked. */
API void _ZdlPvm(void *ptr, size_t size)
{
    delete_sized *own = NULL;

    if (ptr != NULL && !is_block(ptr))
        own = find_own_delete(__builtin_return_address(0));
    else if (ptr != NULL && policy_is_hardened() &&
             malloc_usable_size(ptr) != (size == 0 ? 1 : size))
        report_mistake("a block that is deleted with another size", ptr);
    if (own != NULL)
        own(ptr, size);
    else if (_ZdlPv != NULL)
        _ZdlPv(ptr);
    else
        free(ptr);
}

#endif
