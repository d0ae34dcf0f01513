/* SPDX-License-Identifier: MIT */
/*
 * break.h - the end of the heap, which moves up as the heap grows.
 *
 *     heap from sbrk()          other mapping     segment, reserved        segment
 *     +-----------------------+                   +----------+- - - - +
 *     | blocks                |     xxxxxxxxx     | blocks   |        |      ...
 *     +-----------------------+                   +----------+- - - - +
 *                                                            ^ break
 *
 * Under an extended policy, the heap goes on in segments from mmap() if sbrk() refuses, because
 * another mapping lies in the way of the break. Each segment lies above all blocks, and near them
 * if possible, within the reach of links. Its pages are made accessible as the break passes them.
 * With musl, whose sbrk() refuses at once, all blocks are in segments.
 */
#ifndef BREAK_H
#define BREAK_H

#include <stdbool.h>
#include <stddef.h>

/* Returns the break. Growth starts there, unless something has to be avoided. */
char *break_now(void);

/* Raises the break by `increment` bytes. Returns where the new memory begins; NULL with ENOMEM if
 * the system refuses. Leaves errno alone otherwise. */
char *break_raise(size_t increment);

/* Lowers the break, and gives `decrement` bytes back to the system. Returns false if it refuses. */
bool break_lower(size_t decrement);

/* Whether there may be unmapped memory between two blocks. */
bool break_has_passed_segments(void);

#endif
