/* SPDX-License-Identifier: MIT */
/*
 * unload.c - a thread loads a library, uses its cache, unloads it and ends: unload LIBRARY.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include "block_meta.h"

static void *use(void *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *(*take)(size_t size);
    void (*release)(void *ptr);

    DIE(library == NULL, "dlopen");
    *(void **)&take = dlsym(library, "os_malloc");
    *(void **)&release = dlsym(library, "os_free");
    for (int i = 0; i < 100; i++)
        release(take(100));
    dlclose(library);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;

    DIE(argc != 2 || pthread_create(&thread, NULL, use, argv[1]) != 0, "thread");
    pthread_join(thread, NULL);
    puts("ok");
    return 0;
}
