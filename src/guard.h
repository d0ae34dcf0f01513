/* SPDX-License-Identifier: MIT */
/*
 * guard.h - memory that can't be accessed: behind mappings, and in place of those that were freed.
 *
 *     live                              freed
 *     +--------+---------+- - - - +     +- - - - - - - - - - - - - +
 *     | header | payload | guard  |     | kept: takes no memory    |
 *     +--------+---------+- - - - +     +- - - - - - - - - - - - - +
 *
 * Only a hardened policy has any (see hardened.h). As long as a mapping that was freed is kept, no
 * other lies at its address, so that freeing it again is detected. The oldest are unmapped.
 */
#ifndef GUARD_H
#define GUARD_H

#include <stddef.h>

struct block_meta;

/* Returns the bytes of a guard; 0 if the policy has none. */
size_t guard_size(void);

/* Makes a guard of the bytes at `start`. */
void guard_add(char *start);

/* Keeps the pages of a mapping that was freed, its guard included. */
void guard_keep(char *start, char *end);

/* Unmaps all pages that are kept. The lock must be held. */
void guard_release_all(void);

/* Reports `block` if it lies in pages that are kept. */
void guard_expect_not_kept(const struct block_meta *block);

#endif
