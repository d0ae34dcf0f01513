/* SPDX-License-Identifier: MIT */
/*
 * brink.c - merges a free block within the reach of links with one beyond it.
 *
 * Its own sbrk() serves a large reserved area, and jumps to just below the end of that reach.
 * Prints "ok".
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "block_meta.h"
#include "osmem.h"
#include "own_break.h"

#define REACH ((size_t)16 << 30)
#define SIZE  64

int main(void)
{
    reserve(2 * REACH);

    char *start = current;

    os_malloc(100000);
    current = start + REACH - 10000;

    char *within, *beyond = NULL;

    do {
        within = beyond;
        beyond = os_malloc(SIZE);
        DIE(beyond == NULL, "os_malloc");
    } while (beyond < start + REACH + sizeof(struct block_meta));

    char *merged = os_malloc(SIZE);
    char *between = os_malloc(SIZE);
    char *best = os_malloc(SIZE);
    char *last = os_malloc(SIZE);

    DIE(best - merged != 2 * (between - merged) || last < best, "blocks in a row");
    os_free(beyond);
    os_free(best);
    os_free(within);
    os_free(merged);
    os_malloc_check();
    DIE(os_malloc(SIZE) != best, "the best fit");
    os_malloc_check();
    printf("ok\n");
    return 0;
}
