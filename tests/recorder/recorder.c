/* SPDX-License-Identifier: MIT */
/*
 * recorder.c - a libosmem.so that runs a test program once for each set of mistakes that it is
 * told, and records what a tracer would see of each run.
 *
 * It holds the plain implementation, and stands between it and the program on one side, and the
 * system on the other. Its constructor never returns in the process that was started: for each
 * struct request it forks, and the child goes on into main() with these mistakes.
 * What comes of it is written as a struct answer, and the events. The environment has
 * the numbers of the pipes for both, RECORDER_IN and RECORDER_OUT. All children share
 * one layout of addresses, so that equal hashes stand for equal events, and these for equal traces.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mistakes.h"
#include "reads.h"

#define MOST_EVENTS    65536
#define MOST_READS     4000000ul /* within a call; a right one needs a few thousand */
#define MOST_PROCESSOR 300000    /* in microseconds, for loops that ask about nothing */

/* Where no mapping of the program is a neighbour of ours. */
#define FAR_AWAY ((void *)0x200000000000)

enum kind { ENTERED, RETURNED, SYSTEM_CALL };
enum function { MALLOC, CALLOC, REALLOC, FREE };
enum system_call { BRK, MMAP, MUNMAP };
enum end { ENDED, IN_LOOP, TOO_LONG };

struct event {
    uint64_t kind;
    uint64_t name; /* of the function or system call */
    uint64_t args[6];
    uint64_t result;
};

struct request {
    uint64_t with_events; /* whether the events are wanted, too */
    char mistakes[496];   /* their names, with commas between them */
};

struct answer {
    uint64_t hash;
    int32_t status; /* as wait() has it */
    uint32_t end;
    uint32_t events; /* how many follow */
    unsigned char asked_about[(MISTAKE_COUNT + 7) / 8 * 8];
};

static struct shared {
    struct answer answer;
    struct event events[MOST_EVENTS];
} * shared;

static int requests, answers; /* pipes */
static bool recording;

unsigned char *asked_about;
unsigned long reads_left = MOST_READS;

/* ---- Recording ------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

static _Noreturn void end_with(enum end end)
{
    shared->answer.end = end;
    _exit(EXIT_FAILURE);
}

void end_in_loop(void)
{
    end_with(IN_LOOP);
}

static void record(struct event event)
{
    struct answer *answer = &shared->answer;
    const uint64_t *words = (const uint64_t *)&event;

    if (!recording)
        return;
    if (answer->events == MOST_EVENTS)
        end_with(TOO_LONG);
    shared->events[answer->events++] = event;
    for (size_t i = 0; i < sizeof(event) / sizeof(*words); i++)
        answer->hash = mix(answer->hash, words[i]);
}

static void enter(enum function function, uint64_t first, uint64_t second)
{
    reads_left = MOST_READS;
    record((struct event){ENTERED, function, {first, second}, 0});
}

static void *leave(void *result)
{
    record((struct event){RETURNED, 0, {0}, (uintptr_t)result});
    return result;
}

/* ---- What the program calls ----------------------------------------------------------------- */

void *plain_malloc(size_t size);
void *plain_calloc(size_t nmemb, size_t size);
void *plain_realloc(void *ptr, size_t size);
void plain_free(void *ptr);

#undef os_malloc
#undef os_calloc
#undef os_realloc
#undef os_free

void *os_malloc(size_t size)
{
    enter(MALLOC, size, 0);
    return leave(plain_malloc(size));
}

void *os_calloc(size_t nmemb, size_t size)
{
    enter(CALLOC, nmemb, size);
    return leave(plain_calloc(nmemb, size));
}

void *os_realloc(void *ptr, size_t size)
{
    enter(REALLOC, (uintptr_t)ptr, size);
    return leave(plain_realloc(ptr, size));
}

void os_free(void *ptr)
{
    enter(FREE, (uintptr_t)ptr, 0);
    plain_free(ptr);
    leave(NULL);
}

/* ---- What is asked of the system ------------------------------------------------------------ */

static struct {
    void *(*sbrk)(intptr_t increment);
    void *(*mmap)(void *start, size_t length, int protection, int flags, int file, off_t offset);
    int (*munmap)(void *start, size_t length);
    long (*syscall)(long number, ...);
} libc;

static void find_libc(void)
{
    *(void **)&libc.sbrk = dlsym(RTLD_NEXT, "sbrk");
    *(void **)&libc.mmap = dlsym(RTLD_NEXT, "mmap");
    *(void **)&libc.munmap = dlsym(RTLD_NEXT, "munmap");
    *(void **)&libc.syscall = dlsym(RTLD_NEXT, "syscall");
}

/* What the kernel returns where libc returns a pointer. */
static uint64_t kernels(void *result)
{
    return result == MAP_FAILED ? (uint64_t)-errno : (uintptr_t)result;
}

/* Whether libc sees for itself that a break can't be there. */
static bool wraps_around(uintptr_t old, intptr_t increment)
{
    return increment > 0 ? old + (uintptr_t)increment < old : old < -(uintptr_t)increment;
}

void *sbrk(intptr_t increment)
{
    uintptr_t old = (uintptr_t)libc.sbrk(0);
    void *result = libc.sbrk(increment);

    if (increment != 0 && !wraps_around(old, increment)) {
        uintptr_t wanted = old + (uintptr_t)increment;
        bool moved = result != (void *)-1;

        record((struct event){SYSTEM_CALL, BRK, {wanted}, moved ? wanted : old});
    }
    return result;
}

void *mmap(void *start, size_t length, int protection, int flags, int file, off_t offset)
{
    void *result = libc.mmap(start, length, protection, flags, file, offset);

    record((struct event){SYSTEM_CALL,
                          MMAP,
                          {(uintptr_t)start, length, (uint64_t)protection, (uint64_t)flags,
                           (uint64_t)file, (uint64_t)offset},
                          kernels(result)});
    return result;
}

int munmap(void *start, size_t length)
{
    int result = libc.munmap(start, length);

    record((struct event){
        SYSTEM_CALL, MUNMAP, {(uintptr_t)start, length}, result == 0 ? 0 : (uint64_t)-errno});
    return result;
}

/* Test programs mark their phases by unmapping nothing, and draw random numbers. */
long syscall(long number, ...)
{
    long args[3];
    va_list list;

    va_start(list, number);
    for (size_t i = 0; i < sizeof(args) / sizeof(*args); i++)
        args[i] = va_arg(list, long);
    va_end(list);

    long result = libc.syscall(number, args[0], args[1], args[2]);

    if (number == SYS_munmap)
        record((struct event){
            SYSTEM_CALL, MUNMAP, {(uint64_t)args[0], (uint64_t)args[1]}, kernels((void *)result)});
    return result;
}

/* ---- One run for each set of mistakes ------------------------------------------------------- */

static _Noreturn void give_up(const char *what)
{
    dprintf(STDERR_FILENO, "recorder: %s\n", what);
    _exit(EXIT_FAILURE);
}

/* Goes on into main(). */
static void begin_run(const struct request *request)
{
    const struct itimerval limit = {.it_value = {.tv_usec = MOST_PROCESSOR}};

    make_mistakes("recorder", request->mistakes);
    close(requests);
    close(answers);
    setitimer(ITIMER_PROF, &limit, NULL);
    recording = true;
    record((struct event){SYSTEM_CALL, BRK, {0}, (uintptr_t)libc.sbrk(0)});
}

static void answer(pid_t child, bool with_events)
{
    struct answer *answer = &shared->answer;
    int status;

    if (child < 0 || waitpid(child, &status, 0) != child)
        give_up("can't run the program");
    answer->status = status;
    answer->hash = mix(mix(answer->hash, (uint64_t)status), answer->end);

    size_t bytes = sizeof(*answer);

    if (with_events)
        bytes += answer->events * sizeof(*shared->events);
    for (size_t done = 0; done < bytes;) {
        ssize_t written = write(answers, (char *)shared + done, bytes - done);

        if (written < 0)
            give_up("can't write");
        done += (size_t)written;
    }
    memset(answer, 0, sizeof(*answer));
}

/* Whether there is another request. */
static bool read_request(struct request *request)
{
    size_t done = 0;
    ssize_t got;

    do {
        got = read(requests, (char *)request + done, sizeof(*request) - done);
        if (got < 0)
            give_up("can't read");
        done += (size_t)got;
    } while (got > 0 && done < sizeof(*request));
    return done == sizeof(*request);
}

__attribute__((constructor)) static void serve(void)
{
    static struct request request;

    const char *in = getenv("RECORDER_IN");
    const char *out = getenv("RECORDER_OUT");

    if (in == NULL || out == NULL)
        give_up("has nothing to read from or to write to");
    requests = atoi(in);
    answers = atoi(out);
    find_libc();
    shared = libc.mmap(FAR_AWAY, sizeof(*shared), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared != FAR_AWAY)
        give_up("can't map memory");
    asked_about = shared->answer.asked_about;
    while (read_request(&request)) {
        pid_t child = fork();

        if (child == 0) {
            begin_run(&request);
            return;
        }
        answer(child, request.with_events);
    }
    _exit(EXIT_SUCCESS);
}
