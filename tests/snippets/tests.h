/* SPDX-License-Identifier: MIT */
#ifndef TESTS_H
#define TESTS_H

/* What a program of several tests can begin as. The last has no name. */
extern const struct test {
    const char *name;
    int (*run)(void);
} tests[];

#endif
