/* SPDX-License-Identifier: MIT */
/*
 * Gives up, with bytes that are no text.
 *
 * Expected: crashed
 */
#include <stdlib.h>
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    static const char words[] = "\0\xc3(\xff\xed\xa0\x80\r=cmd|calc\v\f\x7f\x9b"
                                "31m\n";

    if (call == 3) {
        write(2, words, sizeof(words) - 1);
        abort();
    }
}
