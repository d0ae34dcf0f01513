/* SPDX-License-Identifier: MIT */
/*
 * Of the free blocks that are large enough, the smallest is taken, wherever it lies.
 */
#include "snippet.h"

int main(void)
{
    static const size_t sizes[] = {3000, 1000, 2000, 504, 2504, LARGE(100000), LARGE(80000)};
    void *blocks[LENGTH(sizes)];
    void *guards[LENGTH(sizes)];

    set_up();
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        blocks[i] = checked_malloc(sizes[i]);
        guards[i] = checked_malloc(8);
    }
    for (size_t i = 0; i < LENGTH(sizes); i++)
        checked_free(blocks[i]);

    judged_part();

    blocks[3] = checked_malloc(504);
    blocks[2] = checked_malloc(2000);
    blocks[1] = checked_malloc(1000);
    blocks[4] = checked_malloc(2504);
    blocks[0] = checked_malloc(3000);
    blocks[6] = checked_malloc(LARGE(80000));
    blocks[5] = checked_malloc(LARGE(100000));

    clean_up();
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        checked_free(blocks[i]);
        checked_free(guards[i]);
    }
    return 0;
}
