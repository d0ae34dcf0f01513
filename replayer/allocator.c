/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <stdlib.h>

#include "allocator.h"
#include "give_up.h"

static void *find(void *library, const char *path, const char *name)
{
    void *function = dlsym(library, name);

    if (function == NULL)
        give_up("%s: expected the function %s(), found none", path, name);
    return function;
}

struct allocator open_allocator(const char *path)
{
    if (path == NULL)
        return (struct allocator){malloc, realloc, free};

    void *library = dlopen(path, RTLD_NOW);

    if (library == NULL)
        give_up("%s", dlerror());
    /* POSIX allows the conversion of object pointers to function pointers, ISO C does not. */
    return (struct allocator){
        .allocate = (void *(*)(size_t))find(library, path, "os_malloc"),
        .resize = (void *(*)(void *, size_t))find(library, path, "os_realloc"),
        .release = (void (*)(void *))find(library, path, "os_free"),
    };
}
