/* SPDX-License-Identifier: MIT */
/*
 * Has a thread that could change the program's memory at any time.
 *
 * Expected: crashed
 */
#include <pthread.h>
#include <unistd.h>

static void *watch(void *nothing)
{
    pause();
    return nothing;
}

__attribute__((constructor)) static void start(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, watch, NULL);
}
