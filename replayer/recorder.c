/* SPDX-License-Identifier: MIT */
/*
 * recorder.c - writes down the calls that a program makes of malloc() and its family.
 *
 * It is loaded into the program with LD_PRELOAD, and hands every call on to glibc, by the names
 * that glibc has for that. The file that OSMEM_RECORDING names gets a line a call: its letter, the
 * block that it was given, the size, and the block that it returned, in hexadecimal. One write() a
 * line loses nothing if the program ends without notice; dprintf() would itself call malloc().
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

/* Calls made before are the loader's own, and few. */
__attribute__((constructor)) static void start_recording(void)
{
    const char *path = getenv("OSMEM_RECORDING");

    if (path != NULL)
        recording = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    /* What it starts is not recorded: it would use the same blocks for something else. */
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
