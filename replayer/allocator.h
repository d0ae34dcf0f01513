/* SPDX-License-Identifier: MIT */
#ifndef ALLOCATOR_H
#define ALLOCATOR_H

#include <stddef.h>

struct allocator {
    void *(*allocate)(size_t size);
    void *(*resize)(void *block, size_t size);
    void (*release)(void *block);
};

/* The os_* functions of the libosmem.so at `path`; if NULL, what malloc() and its family are in
 * this process. Ends the program if there are none. */
struct allocator open_allocator(const char *path);

#endif
