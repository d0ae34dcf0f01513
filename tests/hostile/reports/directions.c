/* SPDX-License-Identifier: MIT */
/*
 * Gives up, with words that turn those around them.
 *
 * Expected: crashed
 */
#include <stdlib.h>
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    static const char words[] = "\u202e001 fo 001\u2066\u200f\u061c\n";

    if (call == 3) {
        write(2, words, sizeof(words) - 1);
        abort();
    }
}
