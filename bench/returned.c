/* SPDX-License-Identifier: MIT */
/*
 * returned.c - measures how much memory an allocator gives back: returned LIBRARY.
 *
 * LIBRARY is the path of a libosmem.so, or `-` for the malloc() of this process. Fills 1 GiB with
 * blocks of 1 KiB, frees all, and asks the allocator to trim. Prints the resident MiB after each of
 * the three.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "block_meta.h"

#define BLOCKS ((size_t)1 << 20)
#define BYTES  ((size_t)1 << 10)

static int trim_all(void)
{
    return malloc_trim(0);
}

static struct {
    void *(*malloc)(size_t size);
    void (*free)(void *ptr);
    int (*trim)(void);
} allocator = {malloc, free, trim_all};

static void use(const char *path)
{
    void *library = dlopen(path, RTLD_NOW);

    DIE(library == NULL, path);
    *(void **)&allocator.malloc = dlsym(library, "os_malloc");
    *(void **)&allocator.free = dlsym(library, "os_free");
    *(void **)&allocator.trim = dlsym(library, "os_malloc_trim");
}

static void print_resident(void)
{
    size_t total, resident;
    FILE *file = fopen("/proc/self/statm", "r");

    DIE(file == NULL || fscanf(file, "%zu %zu", &total, &resident) != 2, "/proc/self/statm");
    fclose(file);
    printf("%zu\n", resident * (size_t)sysconf(_SC_PAGESIZE) >> 20);
}

int main(int argc, char **argv)
{
    char **blocks = mmap(NULL, BLOCKS * sizeof(*blocks), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    DIE(blocks == MAP_FAILED, "mmap");
    if (argc == 2 && strcmp(argv[1], "-") != 0)
        use(argv[1]);
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = allocator.malloc(BYTES);
        DIE(blocks[i] == NULL, "the allocator");
        memset(blocks[i], 1, BYTES);
    }
    print_resident();
    for (size_t i = 0; i < BLOCKS; i++)
        allocator.free(blocks[i]);
    munmap(blocks, BLOCKS * sizeof(*blocks));
    print_resident();
    allocator.trim();
    print_resident();
    return 0;
}
