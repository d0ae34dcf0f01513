/* SPDX-License-Identifier: MIT */
/*
 * Lists a pipe that nobody writes to as a library. A tracer that finds the list would open it.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: mknodat
 */
#include <link.h>
#include <sys/stat.h>

#include "attack.h"

static void note_change(int state)
{
    _r_debug.r_state = state;
    ((void (*)(void))_r_debug.r_brk)();
}

void strike(int call)
{
    static char name[] = "/work/pipe";
    static struct link_map pipe = {.l_name = name};
    struct link_map *last = _r_debug.r_map;

    if (call > 1)
        return;
    mkfifo(name, 0600);
    note_change(RT_ADD);
    while (last->l_next != NULL)
        last = last->l_next;
    last->l_next = &pipe;
    note_change(RT_CONSISTENT);
}
