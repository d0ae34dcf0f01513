/* SPDX-License-Identifier: MIT */
/*
 * reads.h - included before each file of ../plain, whose switches are read here.
 *
 * Each time, the recorder notes which mistake was asked about: one that a run never asks about
 * changes nothing in it. A call that asks without end is in a loop.
 */
#ifndef READS_H
#define READS_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

extern bool mistakes_made[];
extern unsigned char *asked_about; /* by the number of the mistake */
extern unsigned long reads_left;

void end_in_loop(void);

#pragma GCC visibility pop

static inline bool read_mistake(int number)
{
    asked_about[number] = 1;
    if (--reads_left == 0)
        end_in_loop();
    return mistakes_made[number];
}

#define mistake(name) read_mistake(MISTAKE_##name)

/* Its functions, below those that record. */
#define os_malloc  plain_malloc
#define os_calloc  plain_calloc
#define os_realloc plain_realloc
#define os_free    plain_free

#endif
