/* SPDX-License-Identifier: MIT */
/*
 * driver.c - plays programs of calls on the library it is linked with, and reports the events.
 *
 * Its own sbrk(), mmap() and munmap() report each request of the library, and can refuse it. Each
 * program runs in its own child, on a fresh heap. The report lies in memory shared with the parent,
 * so that a crash loses none of it.
 *
 * Standard input holds programs, one operation per line, with decimal numbers:
 *
 *     x N              the system refuses the N-th request, counted from 1
 *     y N              other code moves the break just before the N-th request
 *     m SLOT SIZE      slot = os_malloc(size)
 *     c SLOT N SIZE    slot = os_calloc(n, size)
 *     r SLOT SIZE      slot = os_realloc(slot, size)
 *     f SLOT           os_free(slot)
 *     d SLOT           os_free(slot), and again
 *     g SLOT           os_free(slot), and os_realloc(slot, 100) of the freed block
 *     b BYTES          other code moves the break
 *     end
 *
 * Standard output gets the report of each:
 *
 *     call FUNCTION ARGS...      system NAME ARGS... RESULT      return VALUE ERRNO
 *     wrong WHAT                 a check of the returned memory failed
 *     exit STATUS | killed SIGNAL
 *
 * Each block is filled with a pattern of its own, which is checked when it is released, and right
 * after that: it is still there. errno is UNTOUCHED before each call.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "block_meta.h"
#include "osmem.h"

#ifdef SYS_mmap2 /* on 32-bit machines; it counts the offset, always 0 here, in pages */
#define MMAP SYS_mmap2
#else
#define MMAP SYS_mmap
#endif

#pragma weak os_malloc_check /* the plain implementation has none */

#define UNTOUCHED   77
#define SLOTS       64
#define REPORT_SIZE (4 * 1024 * 1024)
#define LINE_SIZE   256
#define REQUESTS    1024
#define FOREIGN     24 /* bytes by which other code moves the break in the middle of a call */

struct slot {
    unsigned char *data;
    size_t size;
};

static struct slot slots[SLOTS];
static bool refused[REQUESTS];
static bool raced[REQUESTS];
static unsigned requests;
static bool inside_call; /* of the library */
static struct {
    size_t length;
    char text[REPORT_SIZE];
} * report;

#ifdef __GLIBC__
static void *(*real_sbrk)(intptr_t increment);

__attribute__((constructor)) static void find_real_sbrk(void)
{
    *(void **)&real_sbrk = dlsym(RTLD_NEXT, "sbrk");
}
#else
/* musl's refuses: the break is for its malloc(), which nothing here calls. */
static void *real_sbrk(intptr_t increment)
{
    uintptr_t start = (uintptr_t)syscall(SYS_brk, 0);
    uintptr_t end = start + (uintptr_t)increment;
    bool moved = (uintptr_t)syscall(SYS_brk, end) == end;

    return (void *)(moved ? start : UINTPTR_MAX); // NOLINT(performance-no-int-to-ptr)
}
#endif

__attribute__((format(printf, 1, 2))) static void record(const char *format, ...)
{
    va_list args;

    if (report->length > REPORT_SIZE - LINE_SIZE)
        abort();
    va_start(args, format);
    report->length += (size_t)vsnprintf(report->text + report->length, LINE_SIZE, format, args);
    va_end(args);
}

/* ---- The system, as the library sees it ----------------------------------------------------- */

static bool is_next_refused(void)
{
    requests++;
    return requests < REQUESTS && refused[requests];
}

void *sbrk(intptr_t increment)
{
    if (!inside_call || increment == 0)
        return real_sbrk(increment);
    if (requests + 1 < REQUESTS && raced[requests + 1])
        real_sbrk(FOREIGN);

    char *start = real_sbrk(0);
    bool refuse = is_next_refused() || real_sbrk(increment) == (void *)-1;

    record("system brk %zu %zu\n", (uintptr_t)start + (size_t)increment,
           (uintptr_t)start + (refuse ? 0 : (size_t)increment));
    if (!refuse)
        return start;
    errno = ENOMEM;
    return (void *)-1; // NOLINT(performance-no-int-to-ptr): how sbrk() fails
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    if (!inside_call)
        return (void *)syscall(MMAP, address, length, protection, flags, fd, offset);

    long result = -1;

    if (is_next_refused())
        errno = ENOMEM;
    else
        result = syscall(MMAP, address, length, protection, flags, fd, offset);
    record("system mmap %zu %zu %d %d %d %ld %lld\n", (uintptr_t)address, length, protection, flags,
           fd, (long)offset, result == -1 ? -(long long)errno : (long long)(uintptr_t)result);
    return (void *)result;
}

int munmap(void *address, size_t length)
{
    long result = syscall(SYS_munmap, address, length);

    if (inside_call)
        record("system munmap %zu %zu %ld\n", (uintptr_t)address, length, result);
    return (int)result;
}

/* ---- The returned memory -------------------------------------------------------------------- */

static unsigned char pattern(const struct slot *slot)
{
    return (unsigned char)(slot - slots + 1);
}

static void check_bytes(const struct slot *slot, size_t count, unsigned char expected)
{
    for (size_t i = 0; i < count; i++)
        if (slot->data[i] != expected) {
            record("wrong byte %zu of slot %zu: %#x, expected %#x\n", i, (size_t)(slot - slots),
                   slot->data[i], expected);
            return;
        }
}

static void fill(struct slot *slot, size_t size)
{
    slot->size = slot->data == NULL ? 0 : size;
    if (slot->data != NULL)
        memset(slot->data, pattern(slot), size);
}

/* ---- The calls ------------------------------------------------------------------------------ */

static void begin(void)
{
    inside_call = true;
    errno = UNTOUCHED;
}

static void *end(void *result)
{
    int error = errno;

    inside_call = false;
    record("return %zu %d\n", (uintptr_t)result, error);
    if (os_malloc_check != NULL)
        os_malloc_check();
    return result;
}

static void allocate(struct slot *slot, size_t size)
{
    record("call os_malloc %zu\n", size);
    begin();
    slot->data = end(os_malloc(size));
    fill(slot, size);
}

static void allocate_cleared(struct slot *slot, size_t nmemb, size_t size)
{
    record("call os_calloc %zu %zu\n", nmemb, size);
    begin();
    slot->data = end(os_calloc(nmemb, size));
    if (slot->data != NULL)
        check_bytes(slot, nmemb * size, 0);
    fill(slot, nmemb * size);
}

/* A freed block can be passed in again only if it lies in the heap. */
static bool in_heap(const struct slot *slot)
{
    return slot->data != NULL &&
           ((const struct block_meta *)(const void *)slot->data - 1)->status != STATUS_MAPPED;
}

/* Whether a freed block keeps its contents until the next call. */
static bool stays_when_freed(const struct slot *slot)
{
    const char *conf = getenv("OSMEM_CONF");

    return in_heap(slot) && (conf == NULL || strstr(conf, "trim") == NULL);
}

static void resize(struct slot *slot, size_t size)
{
    size_t kept = slot->size < size ? slot->size : size;

    record("call os_realloc %zu %zu\n", (uintptr_t)slot->data, size);
    bool stays = stays_when_freed(slot);

    begin();
    unsigned char *data = os_realloc(slot->data, size);

    if (stays && data != slot->data)
        check_bytes(slot, slot->size, pattern(slot));
    end(data);

    if (data == NULL && size != 0) {
        check_bytes(slot, slot->size, pattern(slot));
        return;
    }
    slot->data = data;
    check_bytes(slot, kept, pattern(slot));
    fill(slot, size);
}

static void release(struct slot *slot)
{
    bool stays = stays_when_freed(slot);

    check_bytes(slot, slot->size, pattern(slot));
    record("call os_free %zu\n", (uintptr_t)slot->data);
    begin();
    os_free(slot->data);
    if (stays)
        check_bytes(slot, slot->size, pattern(slot));
    end(NULL);
    slot->size = 0;
}

static void play(char operation, const size_t *args)
{
    struct slot *slot = &slots[args[0] % SLOTS];
    bool heap = (operation == 'd' || operation == 'g') && in_heap(slot);

    switch (operation) {
    case 'x':
        refused[args[0] % REQUESTS] = true;
        return;
    case 'y':
        raced[args[0] % REQUESTS] = true;
        return;
    case 'b':
        real_sbrk((intptr_t)args[0]);
        record("system brk 0 %zu\n", (uintptr_t)real_sbrk(0));
        return;
    case 'm':
        allocate(slot, args[1]);
        return;
    case 'c':
        allocate_cleared(slot, args[1], args[2]);
        return;
    case 'r':
        resize(slot, args[1]);
        return;
    case 'd':
        release(slot);
        if (heap)
            release(slot);
        break;
    case 'g':
        release(slot);
        if (heap)
            resize(slot, 100);
        break;
    case 'f':
        release(slot);
        break;
    default:
        record("wrong operation %c\n", operation);
        return;
    }
    slot->data = NULL;
}

/* ---- Programs ------------------------------------------------------------------------------- */

#define PROGRAM_LINES 4096

static struct operation {
    char name;
    size_t args[3];
} program[PROGRAM_LINES];

/* Reads one program. Returns its number of operations, or -1 at the end of the input. */
static int read_program(void)
{
    char line[LINE_SIZE];

    for (int count = 0; fgets(line, sizeof(line), stdin) != NULL && count < PROGRAM_LINES;
         count++) {
        struct operation *operation = &program[count];

        if (strcmp(line, "end\n") == 0)
            return count;
        *operation = (struct operation){.name = line[0]};
        sscanf(line + 1, "%zu %zu %zu", &operation->args[0], &operation->args[1],
               &operation->args[2]);
    }
    return -1;
}

int main(void)
{
    int count;

    report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    DIE(report == MAP_FAILED, "mmap");
    while ((count = read_program()) >= 0) {
        int status;

        report->length = 0;
        pid_t child = fork();

        DIE(child < 0, "fork");
        if (child == 0) {
            record("system brk 0 %zu\n", (uintptr_t)real_sbrk(0));
            for (int i = 0; i < count; i++)
                play(program[i].name, program[i].args);
            _exit(0);
        }
        DIE(waitpid(child, &status, 0) < 0, "waitpid");
        fwrite(report->text, 1, report->length, stdout);
        if (WIFEXITED(status))
            printf("exit %d\n", WEXITSTATUS(status));
        else
            printf("killed %d\n", WTERMSIG(status));
        fflush(stdout);
    }
    return 0;
}
