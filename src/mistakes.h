/* SPDX-License-Identifier: MIT */
/*
 * mistakes.h - invalid pointers passed to os_free() and os_realloc().
 */
#ifndef MISTAKES_H
#define MISTAKES_H

#include "block.h"

/* Reports why the caller does not hold `block`, and ends the program. */
_Noreturn void report_pointer(struct block_meta *block);

/* Checks thoroughly that the caller holds `block`; reports it and ends the program if not. */
void check_pointer(struct block_meta *block);

/* Whether the memory at `block` can be read, whatever it is. */
bool can_read_header(const struct block_meta *block);

#endif
