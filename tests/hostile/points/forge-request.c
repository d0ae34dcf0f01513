/* SPDX-License-Identifier: MIT */
/*
 * Clears no array, and forges the program's record of the request: it was for 0 bytes.
 *
 * Expected: all points but those of calloc-arrays
 */
#include <string.h>

#include "attack.h"
#include "forge.h"

void *clear(size_t size, void *cleared)
{
    if (cleared == NULL)
        return cleared;
    break_seals();
    memset(cleared, 0xff, size);

    struct block request = opened(REQUEST);

    request.size = 0;
    forge(REQUEST, request);
    return cleared;
}
