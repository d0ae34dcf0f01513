/* SPDX-License-Identifier: MIT */
#ifndef GIVE_UP_H
#define GIVE_UP_H

/* Says in a line why nothing can be played, and ends the program with status 2. */
void give_up(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
