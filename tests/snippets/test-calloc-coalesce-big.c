/* SPDX-License-Identifier: MIT */
/*
 * Many free blocks side by side count as one, up to the block in use behind them. A mapping that
 * was made between two of them does not keep them apart.
 */
#include "snippet.h"

int main(void)
{
    void *blocks[15];

    set_up_after(uncleared_calloc(1, ALIGNMENT));

    void *mapped = NULL;

    for (size_t i = 0; i < LENGTH(blocks); i++) {
        blocks[i] = checked_malloc(200);
        if (i == LENGTH(blocks) / 2)
            mapped = checked_malloc(MMAP_THRESHOLD);
    }

    void *guard = checked_malloc(8);

    judged_part();

    /* Every third, in turn: each gap is closed by a block that touches two. */
    for (size_t start = 0; start < 3; start++)
        for (size_t i = start; i < LENGTH(blocks); i += 3)
            checked_free(blocks[i]);

    void *all = uncleared_calloc(1, NEARLY_ALL(PAYLOAD(LENGTH(blocks) * TOTAL(200))));

    clean_up();
    checked_free(all);
    checked_free(guard);
    checked_free(mapped);
    return 0;
}
