/* SPDX-License-Identifier: MIT */
/*
 * Writes the address of its own code over every return address of the program on the stack, to go
 * on behind the program's checks. The program puts them back before it uses them.
 *
 * Expected: all points
 */
#include <stdint.h>
#include <unistd.h>

#include "attack.h"
#include "program.h"

#define WORDS 60

__attribute__((noreturn)) static void arrive(void)
{
    _exit(1);
}

void *spoil(int call, void *result)
{
    volatile uintptr_t *frame = __builtin_frame_address(0);
    const struct range code = code_of_program();
    size_t own = 2;

    (void)call;
    while (!is_in(code, frame[own]))
        own++;
    for (size_t i = own + 1; i < own + WORDS; i++)
        if (is_in(code, frame[i]))
            frame[i] = (uintptr_t)arrive;
    return result;
}
