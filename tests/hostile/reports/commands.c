/* SPDX-License-Identifier: MIT */
/*
 * Gives up, with words that a service would take for a command.
 *
 * Expected: crashed
 */
#include <stdlib.h>
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    static const char words[] = "::error file=x::owned\n##[error]owned\n";

    if (call == 3) {
        write(2, words, sizeof(words) - 1);
        abort();
    }
}
