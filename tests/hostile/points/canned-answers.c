/* SPDX-License-Identifier: MIT */
/*
 * Gets right what malloc-arrays asks for, and nothing that it does not.
 *
 * Expected: all points but those of malloc-arrays, flagged: passes malloc-arrays, but not with
 * randomized sizes
 */
#include "attack.h"

size_t bend(size_t size)
{
    static const size_t known[] = {0, 1, 7, 8, 9, 15, 16, 17, 100, 1023, 2049, 65464, 65504};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i] == size)
            return size;
    return size + 8;
}
