/* SPDX-License-Identifier: MIT */
/*
 * recorder.c - records the calls that a program makes to malloc() and its family.
 *
 * Loaded with LD_PRELOAD, it forwards every call to glibc, by the names that glibc offers for this.
 * Each call adds a line to the file named by OSMEM_RECORDING: a letter, the block passed in, the
 * size, and the block returned, in hexadecimal. Each line takes one write(), so that none is lost
 * if the program ends abruptly; dprintf() would itself call malloc().
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define API __attribute__((visibility("default")))

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static int recording = -1;

/* Earlier calls are few, and made by the loader. */
__attribute__((constructor)) static void start_recording(void)
{
    const char *path = getenv("OSMEM_RECORDING");

    if (path != NULL)
        recording = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    /* Programs that this one starts are not recorded: their addresses would mix with its own. */
    unsetenv("LD_PRELOAD");
}

static void record(char call, const void *given, size_t size, const void *returned)
{
    int saved_errno = errno;
    char line[64];
    int length = snprintf(line, sizeof(line), "%c %lx %zx %lx\n", call, (unsigned long)given, size,
                          (unsigned long)returned);

    if (recording >= 0 && write(recording, line, (size_t)length) != length)
        abort();
    errno = saved_errno;
}

API void *malloc(size_t size)
{
    void *block = __libc_malloc(size);

    record('a', NULL, size, block);
    return block;
}

API void *calloc(size_t count, size_t size)
{
    void *block = __libc_calloc(count, size);

    record('a', NULL, count * size, block);
    return block;
}

API void *realloc(void *given, size_t size)
{
    void *block = __libc_realloc(given, size);

    record('r', given, size, block);
    return block;
}

API void *memalign(size_t alignment, size_t size)
{
    void *block = __libc_memalign(alignment, size);

    record('a', NULL, size, block);
    return block;
}

API void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

API int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = memalign(alignment, size);
    return *block == NULL ? ENOMEM : 0;
}

API void free(void *block)
{
    record('f', block, 0, NULL);
    __libc_free(block);
}
