/* SPDX-License-Identifier: MIT */
/*
 * both.c - runs many threads on the library's heap and on that of libc's malloc(), and forks
 * meanwhile.
 *
 *     both STEPS FORKS
 *
 * All blocks must keep their contents. Prints "ok" at the end. glibc's malloc() moves the break
 * that the library moves, without its lock, so this is for other C libraries, or with the library
 * preloaded.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "block_meta.h"
#include "osmem.h"

enum { THREADS = 4, BLOCKS = 200, CHILD_STEPS = 2000 };

struct block {
    unsigned char *bytes;
    size_t size;
};

static unsigned long steps;

static size_t random_size(unsigned *state)
{
    unsigned kind = (unsigned)rand_r(state) % 1000;

    return 1 + (size_t)rand_r(state) % (kind == 0 ? 300000 : kind < 100 ? 8000 : 300);
}

static void verify(const struct block *block, size_t size, unsigned char expected)
{
    for (size_t i = 0; i < size; i++)
        DIE(block->bytes[i] != expected, "the contents of a block");
}

/* Resizes a block, which may be new, by one of the two functions. */
static void resize(struct block *block, size_t size, void *(*function)(void *, size_t),
                   unsigned char pattern)
{
    size_t kept = size < block->size ? size : block->size;

    block->bytes = function(block->bytes, size);
    DIE(block->bytes == NULL, "the allocator");
    verify(block, kept, pattern);
    memset(block->bytes, pattern, size);
    block->size = size;
}

static void replace_aligned(struct block *block, size_t size, unsigned char pattern)
{
    free(block->bytes);
    block->bytes = aligned_alloc(64, size);
    DIE(block->bytes == NULL || (uintptr_t)block->bytes % 64 != 0, "aligned_alloc");
    memset(block->bytes, pattern, size);
    block->size = size;
}

static void use_both(unsigned seed, unsigned long count)
{
    struct block ours[BLOCKS] = {0}, libc[BLOCKS] = {0};
    unsigned char pattern = (unsigned char)seed;

    for (unsigned long i = 0; i < count; i++) {
        struct block *block = &libc[(size_t)rand_r(&seed) % BLOCKS];

        resize(&ours[(size_t)rand_r(&seed) % BLOCKS], random_size(&seed), os_realloc, pattern);
        verify(block, block->size, pattern);
        if (i % 8 == 0)
            replace_aligned(block, random_size(&seed), pattern);
        else
            resize(block, random_size(&seed), realloc, pattern);
    }
    os_malloc_check();
    for (int i = 0; i < BLOCKS; i++) {
        verify(&ours[i], ours[i].size, pattern);
        os_free(ours[i].bytes);
        free(libc[i].bytes);
    }
}

static void *work(void *seed)
{
    use_both((unsigned)(uintptr_t)seed, steps);
    return NULL;
}

static void fork_once(void)
{
    int status;
    pid_t child = fork();

    DIE(child < 0, "fork");
    if (child == 0) {
        use_both(THREADS + 1, CHILD_STEPS);
        _exit(0);
    }
    DIE(waitpid(child, &status, 0) != child || status != 0, "the child");
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];

    if (argc != 3) {
        fprintf(stderr, "usage: both STEPS FORKS\n");
        return 2;
    }
    steps = strtoul(argv[1], NULL, 10);
    for (uintptr_t i = 0; i < THREADS; i++)
        DIE(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) != 0, "pthread_create");
    for (int left = atoi(argv[2]); left > 0; left--)
        fork_once();
    for (int i = 0; i < THREADS; i++)
        DIE(pthread_join(threads[i], NULL) != 0, "pthread_join");
    puts("ok");
    return 0;
}
