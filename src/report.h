/* SPDX-License-Identifier: MIT */
/*
 * report.h - the end of a program that made a mistake with its memory.
 */
#ifndef REPORT_H
#define REPORT_H

struct block_meta;

/* Says on standard error what is wrong with what `address` points at, and aborts. Allocates nothing
 * and touches no block. */
_Noreturn void report_mistake(const char *what, const void *address);

/* The same for a free block whose links lead astray. */
_Noreturn void report_overwritten_links(const struct block_meta *block);

#endif
