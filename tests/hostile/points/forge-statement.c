/* SPDX-License-Identifier: MIT */
/*
 * Writes the address of its own code into the statement by which the program finds back, too. The
 * code goes on in the program, and does nothing else, but it could do anything.
 *
 * Expected: invalid, flagged: changed where the test program goes on after a call
 */
#include <stdint.h>

#include "attack.h"
#include "forge.h"

__attribute__((used)) static uintptr_t next;

__asm__(".text\n"
        "arrive: jmp *next(%rip)\n");
extern const char arrive[] __attribute__((visibility("hidden")));

void *spoil(int call, void *result)
{
    uint64_t *statement = statement_of_call();

    (void)call;
    next = statement[NEXT];
    statement[NEXT] = (uintptr_t)arrive;
    return result;
}
