/* SPDX-License-Identifier: MIT */
/*
 * report.h - the end of a program that made a mistake with its memory.
 */
#ifndef REPORT_H
#define REPORT_H

/* Says on standard error what is wrong with what `address` points at, and aborts. Allocates nothing
 * and touches no block. */
_Noreturn void report_mistake(const char *what, const void *address);

/* The same for the commonest one in an index of free blocks. */
_Noreturn void report_overwritten_links(const void *block);

#endif
