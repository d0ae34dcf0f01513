/* SPDX-License-Identifier: MIT */
/*
 * A block that grows into the free block behind it takes no more than it needs: what is left over
 * is a free block again, be it as small as a block can be, or nearly all of it.
 */
#include "snippet.h"

int main(void)
{
    void *blocks[3], *behind[LENGTH(blocks)], *guards[LENGTH(blocks)], *rests[LENGTH(blocks)];

    set_up_after(checked_realloc(NULL, ALIGNMENT));
    for (size_t i = 0; i < LENGTH(blocks); i++) {
        blocks[i] = checked_malloc(200);
        behind[i] = checked_malloc(600 + 200 * i);
        guards[i] = checked_malloc(8);
    }
    for (size_t i = 0; i < LENGTH(blocks); i++)
        checked_free(behind[i]);

    judged_part();

    /* By half of what lies behind, by all but the smallest block, and by 8 bytes. */
    const size_t grown[] = {504, PAYLOAD(TOTAL(200) + TOTAL(800) - SMALLEST_REST), 208};

    for (size_t i = 0; i < LENGTH(blocks); i++) {
        blocks[i] = checked_realloc(blocks[i], grown[i]);
        rests[i] = checked_malloc(PAYLOAD(TOTAL(200) + TOTAL(600 + 200 * i) - TOTAL(grown[i])));
    }

    clean_up();
    for (size_t i = 0; i < LENGTH(blocks); i++) {
        checked_free(blocks[i]);
        checked_free(rests[i]);
        checked_free(guards[i]);
    }
}
