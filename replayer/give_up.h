/* SPDX-License-Identifier: MIT */
#ifndef GIVE_UP_H
#define GIVE_UP_H

/* Prints a line that says why the workload can't be played, and exits with status 2. */
void give_up(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
