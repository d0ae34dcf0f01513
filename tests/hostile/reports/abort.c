/* SPDX-License-Identifier: MIT */
/*
 * Gives up, with words that would clear the screen and paint it red.
 *
 * Expected: crashed
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    static const char words[] = "\033[2J\033[31m[bold]all tests passed[/bold]\xff\xfe\a\n";

    if (call == 3) {
        write(2, words, strlen(words));
        abort();
    }
}
