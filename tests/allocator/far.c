/* SPDX-License-Identifier: MIT */
/*
 * far.c - uses a heap that extends beyond the reach of links, with a gap in it.
 *
 * Its own sbrk() serves a large reserved area, and jumps over most of it after a while. A walk over
 * all blocks finds the best fit before each os_malloc(). Prints "ok".
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block_meta.h"
#include "osmem.h"
#include "own_break.h"

#define AREA   ((size_t)40 << 30)
#define JUMP   ((size_t)36 << 30)
#define BLOCKS 256

static struct block_meta *block_of(void *ptr)
{
    return (struct block_meta *)ptr - 1;
}

static const struct block_meta *best_fit(const struct block_meta *block, size_t payload)
{
    const struct block_meta *best = NULL;

    for (; block != NULL; block = block->next)
        if (block->status == STATUS_FREE && block->size >= payload &&
            (best == NULL || block->size < best->size))
            best = block;
    return best;
}

int main(void)
{
    static char *blocks[BLOCKS];
    uint32_t state = 1;
    int far_blocks = 0;

    reserve(AREA);

    const struct block_meta *first = block_of(os_malloc(100));

    for (int step = 0; step < 20000; step++) {
        char **slot = &blocks[(state = state * 1664525 + 1013904223) >> 16 & 255];
        size_t size = (state >> 8) % (state >> 31 ? 9000 : 100) + 1;

        if (step == 200) /* the heap is still small */
            current += JUMP;
        if (*slot != NULL) {
            os_free(*slot);
            *slot = NULL;
        } else {
            const struct block_meta *best = best_fit(first, (size + 7) & ~(size_t)7);

            *slot = os_malloc(size);
            DIE(*slot == NULL, "os_malloc");
            far_blocks += *slot - (char *)first > (ptrdiff_t)JUMP;
            DIE(best != NULL && block_of(*slot) != best, "the best fit");
        }
        os_malloc_check();
    }
    printf(far_blocks > 1000 ? "ok\n" : "only %d blocks lay beyond the gap\n", far_blocks);
    return 0;
}
