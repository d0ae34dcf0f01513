/* SPDX-License-Identifier: MIT */
/*
 * footprint.h - what a process holds of the system's memory, as the kernel sees it.
 *
 * That is its resident anonymous memory: the pages of the heap, and of mappings, that were written
 * and not given back. What was asked for by sbrk() and mmap() would be no fair measure, as some
 * allocators reserve gigabytes that they never touch; and the resident set of /proc/self/statm is
 * kept up to date by some dozens of pages at a time only. Pages of files, such as code that runs
 * for the first time, and the replayer's own tables, which are shared memory, are not anonymous.
 *
 * To be comparable, all of what the program asked for has to be written, too.
 */
#ifndef FOOTPRINT_H
#define FOOTPRINT_H

#include <stddef.h>

/* The bytes that this process holds now. */
size_t footprint(void);

/* How many times a page had to be found for this process so far. Its footprint only grows with this
 * number, which is much cheaper to look at. */
long page_faults(void);

#endif
