/* SPDX-License-Identifier: MIT */
/* mistakes.c - which mistakes are made: those of mistake.h and those of OSMEM_MISTAKES. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mistakes.h"

bool mistakes_made[MISTAKE_COUNT];

/* A mistake is spelt with hyphens, its identifier with underscores. */
static bool is_spelt(const char *identifier, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (name[i] != (identifier[i] == '_' ? '-' : identifier[i]))
            return false;
    return identifier[length] == '\0';
}

static void make_mistake(const char *source, const char *name, size_t length)
{
#define NAME(identifier) #identifier,
    static const char *const identifiers[] = {MISTAKES(NAME)};
#undef NAME

    for (int i = 0; i < MISTAKE_COUNT; i++)
        if (is_spelt(identifiers[i], name, length)) {
            mistakes_made[i] = true;
            return;
        }
    dprintf(STDERR_FILENO, "%s: expected names of tests/mistakes.toml, found '%.*s'\n", source,
            (int)length, name);
    exit(EXIT_FAILURE);
}

void make_mistakes(const char *source, const char *names)
{
    while (*names != '\0') {
        size_t length = strcspn(names, ",");

        make_mistake(source, names, length);
        names += length;
        if (*names == ',')
            names++;
    }
}

__attribute__((constructor)) static void read_mistakes(void)
{
    const char *names = getenv("OSMEM_MISTAKES");

    make_mistakes("MISTAKE", MISTAKE);
    make_mistakes("OSMEM_MISTAKES", names == NULL ? "" : names);
}

void crash(void)
{
    static int *volatile nowhere;

    *nowhere = 0;
}
