/* SPDX-License-Identifier: MIT */
/*
 * Calls the allocator as the program does, through the program's own table, when the program has
 * ended: a library could do so all the time, and leave out the program's checks.
 *
 * Expected: invalid, flagged: called the allocator in place of the test program
 */
#include "table.h"

static void (*free_as_program)(void *ptr, uint64_t from);

__attribute__((constructor)) static void find(void)
{
    free_as_program = (void (*)(void *, uint64_t))entry_of("os_free");
}

__attribute__((destructor)) static void play(void)
{
    free_as_program(NULL, 0);
}
