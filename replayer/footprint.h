/* SPDX-License-Identifier: MIT */
/*
 * footprint.h - the memory that a process holds, as the kernel sees it.
 *
 * The footprint is the resident anonymous memory: the pages of the heap and of mappings that were
 * written and not given back. The bytes requested by sbrk() and mmap() would not be a fair measure,
 * as some allocators reserve gigabytes that they never touch. The resident set in /proc/self/statm
 * is too coarse, as the kernel updates it by dozens of pages at a time. Pages of files, such as
 * code that runs for the first time, are not anonymous; neither are the replayer's own tables,
 * which are shared memory.
 *
 * For comparable figures, the program must write to all memory that it requests.
 */
#ifndef FOOTPRINT_H
#define FOOTPRINT_H

#include <stddef.h>

/* Returns the footprint of this process in bytes. */
size_t footprint(void);

/* Returns how many page faults this process has had. Its footprint grows only if this number does,
 * which is much cheaper to read. */
long page_faults(void);

#endif
