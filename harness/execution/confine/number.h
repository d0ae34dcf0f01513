/* SPDX-License-Identifier: MIT */
#pragma once

#include <err.h>
#include <errno.h>
#include <stdlib.h>

/* Return the positive number that an option gives, or end with one line and status 2. */
static inline long number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end != '\0' || value <= 0)
        errx(2, "%s: expected a positive number", text);
    return value;
}
