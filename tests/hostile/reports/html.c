/* SPDX-License-Identifier: MIT */
/*
 * Gives up, with words that a page would take for a script, a link or the end of a section.
 *
 * Expected: crashed
 */
#include <stdlib.h>
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    static const char words[] = "<script>alert(1)</script><b>[x](javascript:alert) ]]><!--\n";

    if (call == 3) {
        write(2, words, sizeof(words) - 1);
        abort();
    }
}
