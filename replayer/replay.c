/* SPDX-License-Identifier: MIT */
/*
 * replay.c - plays a workload through an allocator, and measures its speed and use of memory.
 *
 *     replay check FILE [LIBRARY]          only checks that the workload can be played
 *     replay play ROUNDS FILE              plays it through the malloc() of this process
 *     replay play ROUNDS FILE LIBRARY      plays it through the os_* functions of a libosmem.so
 *
 * LD_PRELOAD can replace malloc(). The output has one figure per line. The exit status is 0; 1 if
 * the allocator failed, after a line on standard error that says where; 2 if the workload can't be
 * played.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "give_up.h"
#include "passes.h"
#include "table.h"

#define FAILED 1

void fail(struct result *result, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(result->fault, sizeof(result->fault), format, args);
    va_end(args);
    _exit(FAILED);
}

/* Reports an error of the allocator, with the call that it occurred in if that is known. */
static _Noreturn void report_fault(const struct play *play, const struct result *result,
                                   const char *fault)
{
    const struct operation *at = result->at;

    if (at == NULL)
        dprintf(STDERR_FILENO, "%s: %s\n", play->workload.path, fault);
    else if (at->kind == RELEASE)
        dprintf(STDERR_FILENO, "%s:%zu: f %u: %s\n", play->workload.path, at->line, at->id, fault);
    else
        dprintf(STDERR_FILENO, "%s:%zu: %c %u %zu: %s\n", play->workload.path, at->line,
                (char)at->kind, at->id, at->size, fault);
    exit(FAILED);
}

static _Noreturn void report_end(const struct play *play, const struct result *result, int status)
{
    char fault[64];

    if (WIFSIGNALED(status))
        snprintf(fault, sizeof(fault), "killed by SIG%s", sigabbrev_np(WTERMSIG(status)));
    else
        snprintf(fault, sizeof(fault), "exited with status %d", WEXITSTATUS(status));
    report_fault(play, result, fault);
}

static struct result run(pass *pass, const struct play *play)
{
    struct result *result = make_table(1, sizeof(*result));
    int status;
    pid_t child = fork();

    if (child < 0)
        give_up("replay: can't fork: %s", strerror(errno));
    if (child == 0) {
        pass(play, result);
        result->complete = true;
        _exit(0);
    }
    if (waitpid(child, &status, 0) < 0)
        give_up("replay: can't wait: %s", strerror(errno));
    if (result->fault[0] != '\0')
        report_fault(play, result, result->fault);
    if (!result->complete)
        report_end(play, result, status);
    return *result;
}

static void run_all_passes(const struct play *play)
{
    run(verify, play);

    const struct workload *workload = &play->workload;
    size_t held = run(measure, play).held;
    double seconds = (double)run(take_time, play).nanoseconds / 1e9;

    printf("operations %zu\n", workload->count);
    printf("peak_live %zu\n", workload->peak);
    printf("peak_held %zu\n", held);
    printf("utilisation %.4f\n", (double)workload->peak / (double)held);
    printf("seconds %.9f\n", seconds);
    printf("calls_per_second %.0f\n", (double)workload->count / seconds);
}

static size_t read_rounds(const char *text)
{
    char *end;
    unsigned long rounds = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || rounds == 0)
        give_up("replay: expected a number of rounds, 1 or more, found '%s'", text);
    return rounds;
}

int main(int argc, char **argv)
{
    if ((argc == 3 || argc == 4) && strcmp(argv[1], "check") == 0) {
        read_workload(argv[2]);
        open_allocator(argv[3]);
        return 0;
    }
    if ((argc != 4 && argc != 5) || strcmp(argv[1], "play") != 0)
        give_up("usage: replay check FILE [LIBRARY] | replay play ROUNDS FILE [LIBRARY]");

    struct play play = {
        .rounds = read_rounds(argv[2]),
        .workload = read_workload(argv[3]),
        .allocator = open_allocator(argv[4]),
    };

    run_all_passes(&play);
}
