/* SPDX-License-Identifier: MIT */
/*
 * streams.c - forks while other threads use streams: streams FORKS.
 *
 * A thread that flushes all streams holds the lock of their list and waits for each stream. The
 * lock of a stream is held by a thread that allocates. fork() takes the lock of the list, and that
 * of the allocator. Prints "ok" unless they wait for each other.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "block_meta.h"

#define THREADS 4

static volatile bool stop;

static void *flush(void *unused)
{
    while (!stop)
        fflush(NULL);
    return unused;
}

/* Allocates each line while the stream is locked. */
static void *read_lines(void *unused)
{
    static char text[] = "a line\nanother\n";
    FILE *stream = fmemopen(text, sizeof(text) - 1, "r");

    DIE(stream == NULL, "fmemopen");
    while (!stop) {
        char *line = NULL;
        size_t size = 0;

        if (getline(&line, &size, stream) < 0)
            rewind(stream);
        free(line);
    }
    fclose(stream);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        DIE(pthread_create(&threads[i], NULL, i % 2 == 0 ? flush : read_lines, NULL) != 0,
            "thread");
    for (int left = argc > 1 ? atoi(argv[1]) : 0; left > 0; left--) {
        int status;
        pid_t child = fork();

        DIE(child < 0, "fork");
        if (child == 0) {
            free(malloc(100));
            fflush(NULL); /* the lock of the list is free in the child, too */
            _exit(0);
        }
        DIE(waitpid(child, &status, 0) != child || status != 0, "waitpid");
    }
    stop = true;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    puts("ok");
    return 0;
}
