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

    /* By all that lies behind but the smallest block, by half of it, and by 8 bytes. */
    const size_t grown[] = {PAYLOAD(TOTAL(200) + TOTAL(600) - SMALLEST_REST), 504, 208};

    for (size_t i = 0; i < LENGTH(blocks); i++)
        blocks[i] = checked_realloc(blocks[i], grown[i]);

    /* From the largest on: no request fits into another rest. */
    for (size_t i = LENGTH(blocks); i-- > 0;)
        rests[i] = checked_malloc(PAYLOAD(TOTAL(200) + TOTAL(600 + 200 * i) - TOTAL(grown[i])));

    clean_up();
    for (size_t i = 0; i < LENGTH(blocks); i++) {
        checked_free(blocks[i]);
        checked_free(rests[i]);
        checked_free(guards[i]);
    }
    return 0;
}
