/* SPDX-License-Identifier: MIT */
/*
 * Of the free blocks that are large enough, the smallest is taken, wherever it lies.
 */
#include "snippet.h"

int main(void)
{
    static const size_t sizes[] = {3000, 1000, 2000, 504, 2504};
    void *blocks[LENGTH(sizes)];
    void *guards[LENGTH(sizes)];

    set_up_after(uncleared_calloc(1, ALIGNMENT));
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        blocks[i] = checked_malloc(sizes[i]);
        guards[i] = checked_malloc(8);
    }
    for (size_t i = 0; i < LENGTH(sizes); i++)
        checked_free(blocks[i]);

    judged_part();

    blocks[3] = uncleared_calloc(1, 504);
    blocks[2] = uncleared_calloc(1, 2000);
    blocks[1] = uncleared_calloc(1, 1000);
    blocks[4] = uncleared_calloc(1, 2504);
    blocks[0] = uncleared_calloc(1, 3000);

    clean_up();
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        checked_free(blocks[i]);
        checked_free(guards[i]);
    }
    return 0;
}
