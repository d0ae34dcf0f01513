/* SPDX-License-Identifier: MIT */
/*
 * Lets the list of libraries, which the tracer follows, lead back to its beginning.
 *
 * Expected: all points but those of calloc-arrays
 */
#include <link.h>

#include "attack.h"

static void note_change(int state)
{
    _r_debug.r_state = state;
    ((void (*)(void))_r_debug.r_brk)();
}

void *clear(size_t size, void *cleared)
{
    struct link_map *last = _r_debug.r_map;

    (void)size;
    note_change(RT_ADD);
    while (last->l_next != NULL && last->l_next != _r_debug.r_map)
        last = last->l_next;
    last->l_next = _r_debug.r_map;
    note_change(RT_CONSISTENT);
    return cleared;
}
