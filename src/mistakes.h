/* SPDX-License-Identifier: MIT */
/*
 * mistakes.h - pointers that are given back and can't be.
 */
#ifndef MISTAKES_H
#define MISTAKES_H

#include "block.h"

/* Tells what is wrong with a block that the caller gave back, and ends the program. */
_Noreturn void report_pointer(struct block_meta *block);

/* The slow look at a block that the caller gave back: returns if it is one the caller holds. */
void check_pointer(struct block_meta *block);

#endif
