/* SPDX-License-Identifier: MIT */
/*
 * Gives up, with words that give it all points.
 *
 * Expected: crashed
 */
#include <stdlib.h>
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    static const char words[] = "Grade :=>> 100\n<|--\n";

    if (call == 3) {
        write(2, words, sizeof(words) - 1);
        abort();
    }
}
