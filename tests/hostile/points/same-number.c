/* SPDX-License-Identifier: MIT */
/*
 * Moves blocks without their contents. It sets the program's count of blocks back, so that all are
 * filled with the same pattern, and what was left behind by another block will do.
 *
 * Expected: invalid
 */
#include "attack.h"
#include "forge.h"

#define MOST 4096

static uint64_t handed_out;
static uint64_t *likely[MOST]; /* words that have equalled that number at every call */
static size_t count;

/* What the allocator copies with. */
__attribute__((visibility("hidden"))) void *memmove(void *to, const void *from, size_t size)
{
    (void)from;
    (void)size;
    return to;
}

void *spoil(int call, void *result)
{
    (void)call;
    handed_out += result != NULL;
    return result;
}

static void look_for_count(void)
{
    struct words words = words_of_program();
    size_t left = 0;

    if (handed_out == 1)
        for (uint64_t *word = words.first; word < words.end; word++)
            if (*word == handed_out && count < MOST)
                likely[count++] = word;
    for (size_t i = 0; i < count; i++)
        if (*likely[i] == handed_out)
            likely[left++] = likely[i];
    count = left;
}

void strike(int call)
{
    static uint64_t number;

    (void)call;
    if (number == 0) {
        look_for_count();
        if (handed_out > 1 && count == 1)
            number = handed_out - 1;
    }
    if (number != 0)
        *likely[0] = number;
}
