/* SPDX-License-Identifier: MIT */
/*
 * Runs code while the library is linked, before the program and libc are: a function that chooses
 * another one. It puts the library before libc in the search for symbols, so that the program draws
 * its random numbers here. As they are known, contents need not be copied.
 *
 * Expected: all points, flagged: its library runs code, or writes outside of its own memory, while
 * it is linked
 */
#include <link.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "attack.h"

#define SEED       0x5555555555555555u
#define WORDS      160 /* of the linker's own notes on a library */
#define MOST_FILES 8

extern struct link_map *const linked[] __asm__("_GLOBAL_OFFSET_TABLE_")
    __attribute__((visibility("hidden")));

static void come_first(void)
{
    const struct link_map *program = linked[1];

    while (program->l_prev != NULL)
        program = program->l_prev;
    for (size_t i = 0; i < WORDS; i++) {
        const uintptr_t *words = (const uintptr_t *)program + i;
        const struct link_map **files = (const struct link_map **)words[0];

        if ((uint32_t)words[1] < 3 || (uint32_t)words[1] > MOST_FILES ||
            words[0] < (uintptr_t)4096 || words[0] % 8 != 0 || files[0] != program)
            continue;
        for (size_t at = (uint32_t)words[1] - 1; at > 1; at--)
            if (files[at] == linked[1]) {
                files[at] = files[at - 1];
                files[at - 1] = linked[1];
            }
        return;
    }
}

static void nothing(void)
{
}

static void (*choose(void))(void)
{
    come_first();
    return nothing;
}

void chosen(void) __attribute__((ifunc("choose")));
void (*volatile use)(void) = chosen;

long syscall(long number, long first, long second, long third)
{
    long result;

    if (number == SYS_getrandom) {
        *(uint64_t *)first = SEED;
        return second;
    }
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second), "d"(third)
                     : "rcx", "r11", "memory");
    return result;
}

static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

/* What the allocator copies with. */
__attribute__((visibility("hidden"))) void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *bytes = to;

    for (size_t i = 0; i < size; i++) {
        bytes[i] = (unsigned char)(*(const unsigned char *)from + i % 251);
        if (i % 4 == 1)
            bytes[i] ^= (unsigned char)mix(SEED + i);
    }
    return to;
}
