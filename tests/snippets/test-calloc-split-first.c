/* SPDX-License-Identifier: MIT */
/*
 * Of free blocks that fit equally well, the one at the lowest address is taken.
 */
#include "snippet.h"

int main(void)
{
    void *blocks[4];
    void *guards[LENGTH(blocks)];

    set_up_after(uncleared_calloc(1, ALIGNMENT));
    for (size_t i = 0; i < LENGTH(blocks); i++) {
        blocks[i] = checked_malloc(504);
        guards[i] = checked_malloc(8);
    }
    checked_free(blocks[2]);
    checked_free(blocks[0]);
    checked_free(blocks[3]);
    checked_free(blocks[1]);

    judged_part();

    for (size_t i = 0; i < LENGTH(blocks); i++)
        blocks[i] = uncleared_calloc(1, 504);

    clean_up();
    for (size_t i = 0; i < LENGTH(blocks); i++) {
        checked_free(blocks[i]);
        checked_free(guards[i]);
    }
    return 0;
}
