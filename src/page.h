/* SPDX-License-Identifier: MIT */
/*
 * page.h - pages of the machine, which may be larger than the SIZE_PAGE of the specification.
 */
#ifndef PAGE_H
#define PAGE_H

#include <stdint.h>
#include <sys/auxv.h>

/* Returns the bytes of a page. */
static inline size_t page_size(void)
{
    return getauxval(AT_PAGESZ);
}

/* Returns the start of the page that contains `address`. */
static inline char *page_floor(char *address)
{
    return address - ((uintptr_t)address & (page_size() - 1));
}

/* Returns the start of the first page that begins at `address` or above. */
static inline char *page_ceiling(char *address)
{
    return address + (-(uintptr_t)address & (page_size() - 1));
}

#endif
