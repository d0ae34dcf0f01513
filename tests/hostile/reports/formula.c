/* SPDX-License-Identifier: MIT */
/*
 * Gives up, with words that a spreadsheet would take for a formula.
 *
 * Expected: crashed
 */
#include <stdlib.h>
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    static const char words[] = "=cmd|' /C calc'!A0;=1+1\n";

    if (call == 3) {
        write(2, words, sizeof(words) - 1);
        abort();
    }
}
