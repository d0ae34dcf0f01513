/* SPDX-License-Identifier: MIT */
/*
 * report.h - ends a program that has misused its memory.
 */
#ifndef REPORT_H
#define REPORT_H

struct block_meta;

/* Prints what is wrong at `address` to standard error, and aborts. Allocates nothing and touches no
 * block. */
_Noreturn void report_mistake(const char *what, const void *address);

/* Prints the functions that led here, if this library can (see standard.c and callers.c). */
void report_callers(void);

/* The same, for a free block whose links are wrong. */
_Noreturn void report_overwritten_links(const struct block_meta *block);

#endif
