/* SPDX-License-Identifier: MIT */
/*
 * quarantine.h - blocks of the heap that the program has freed, and that no request gets for a
 * while.
 *
 *     freed ──▶ | newest | … | … | oldest | ──▶ heap
 *
 * The first 128 KiB of a block in quarantine are filled with a byte that gives away later writes.
 * Freeing it again is detected.
 */
#ifndef QUARANTINE_H
#define QUARANTINE_H

#include "block.h"

/* Puts a live block into quarantine. */
void quarantine_add(struct block_meta *block);

/* Reports a block in quarantine that was written to. */
void quarantine_check(const struct block_meta *block);

/* Ends the quarantine of all blocks. The lock must be held. */
void quarantine_release_all(void);

#endif
