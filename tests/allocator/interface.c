/* SPDX-License-Identifier: MIT */
/*
 * interface.c - promises about what functions of the family return.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "promises.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* mallinfo() */

#define MIB ((size_t)1 << 20)

static void a_double_free_ends_the_program(void)
{
    char *volatile block = malloc(100);
    pid_t child = fork();
    int status;

    if (child == 0) {
        close(STDERR_FILENO);
        free(block);
        free(block);
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void mallinfo_tells_what_is_in_use(void)
{
    enum { BLOCKS = 100, SIZE = 1000 };
    char *blocks[BLOCKS];
    struct mallinfo2 before = mallinfo2();
    void *large = malloc(MIB);

    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = malloc(SIZE);

    struct mallinfo2 now = mallinfo2();

    EXPECT(now.uordblks >= before.uordblks + BLOCKS * SIZE);
    EXPECT(now.arena == now.uordblks + now.fordblks);
    EXPECT(now.hblks == before.hblks + 1 && now.hblkhd >= before.hblkhd + MIB);
    EXPECT((size_t)mallinfo().uordblks == now.uordblks);
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    free(large);
    now = mallinfo2();
    /* At most the headers of these blocks are still in use. */
    EXPECT(now.uordblks <= before.uordblks + BLOCKS * 64 && now.hblks == before.hblks);

    char *text;
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    EXPECT(malloc_info(0, stream) == 0 && malloc_info(1, stream) == -1 && errno == EINVAL);
    fclose(stream);
    EXPECT(strstr(text, "<malloc version=") == text && strstr(text, "</malloc>\n") != NULL);
    free(text);
}

static void mallopt_sets_the_thresholds(void)
{
    void *end = sbrk(0);

    EXPECT(mallopt(M_MMAP_THRESHOLD, 10000) == 1 && mallopt(M_TRIM_THRESHOLD, 100000) == 1);
    EXPECT(mallopt(M_MMAP_MAX, -1) == 0 && mallopt(12345, 1) == 0);
    EXPECT(malloc(11000) != NULL && sbrk(0) == end);
    EXPECT(mallopt(M_MMAP_MAX, 0) == 1);
    EXPECT(malloc(11000) != NULL && sbrk(0) != end);
}

static void memalign_tells_errors_apart(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    volatile size_t huge = SIZE_MAX; /* the compiler must not see it */

    EXPECT(memalign(sizeof(void *), huge) == NULL && errno == ENOMEM);
    errno = 0;
    EXPECT(memalign(page, huge - page + 1) == NULL && errno == ENOMEM);
    errno = 0;
    EXPECT(memalign(SIZE_MAX, 10) == NULL && errno == EINVAL);
    EXPECT(memalign(sizeof(void *), 0) != NULL);
    for (size_t alignment = 1; alignment <= page; alignment += 7) {
        size_t power = 1;

        while (power < alignment)
            power *= 2;
        EXPECT((uintptr_t)memalign(alignment, 100) % power == 0);
    }
}

static const struct promise promises[] = {
    PROMISE(a_double_free_ends_the_program),
    PROMISE(mallinfo_tells_what_is_in_use),
    PROMISE(mallopt_sets_the_thresholds),
    PROMISE(memalign_tells_errors_apart),
};

int main(int argc, char **argv)
{
    return check_promise(promises, sizeof(promises) / sizeof(promises[0]),
                         argc == 2 ? argv[1] : "");
}
