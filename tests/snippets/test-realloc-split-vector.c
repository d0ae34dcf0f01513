/* SPDX-License-Identifier: MIT */
/*
 * Many blocks shrink to odd sizes: each keeps its size rounded up to a multiple of 8, and leaves a
 * free block behind.
 */
#include "snippet.h"

int main(void)
{
    void *blocks[6], *guards[6], *rests[6];

    set_up_after(checked_realloc(NULL, ALIGNMENT));
    for (size_t i = 0; i < LENGTH(blocks); i++) {
        blocks[i] = checked_malloc(1000 + 200 * i);
        guards[i] = checked_malloc(8);
    }

    judged_part();

    for (size_t i = LENGTH(blocks); i-- > 0;) {
        size_t size = 101 + 11 * i;

        blocks[i] = checked_realloc(blocks[i], size);
        rests[i] = checked_malloc(NEARLY_ALL(1000 + 200 * i - TOTAL(size)));
    }

    clean_up();
    for (size_t i = 0; i < LENGTH(blocks); i++) {
        checked_free(blocks[i]);
        checked_free(rests[i]);
        checked_free(guards[i]);
    }
    return 0;
}
