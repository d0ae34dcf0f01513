/* SPDX-License-Identifier: MIT */
#ifndef ALLOCATOR_H
#define ALLOCATOR_H

#include <stddef.h>

struct allocator {
    void *(*allocate)(size_t size);
    void *(*resize)(void *block, size_t size);
    void (*release)(void *block);
};

/* Returns the os_* functions of the libosmem.so at `path`, or the malloc() family of this process
 * if `path` is NULL. Ends the program if a function is missing. */
struct allocator open_allocator(const char *path);

#endif
