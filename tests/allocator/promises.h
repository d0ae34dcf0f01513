/* SPDX-License-Identifier: MIT */
/*
 * promises.h - programs that check one promise of libc's malloc() family: PROGRAM NAME.
 *
 * They print "ok", or the check that failed.
 */
#ifndef PROMISES_H
#define PROMISES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("line %d: expected %s\n", __LINE__, #condition);                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

struct promise {
    const char *name;
    void (*check)(void);
};

#define PROMISE(name)                                                                              \
    {                                                                                              \
#name, name                                                                                \
    }

static inline int check_promise(const struct promise *promises, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(promises[i].name, name) == 0) {
            promises[i].check();
            puts("ok");
            return 0;
        }
    return 2;
}

#endif
