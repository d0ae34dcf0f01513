/* SPDX-License-Identifier: MIT */
/*
 * A free block is split only if the rest can hold a header and 8 bytes. Otherwise it stays whole,
 * and is as large as before once it is free again.
 */
#include "snippet.h"

/* What is left over of each block. */
static const size_t rests[] = {SMALL_REST(1), SMALL_REST(2), SMALL_REST(3), SMALL_REST(4),
                               SMALLEST_REST};

static size_t taken(size_t i)
{
    return 600 * (i + 1);
}

int main(void)
{
    void *blocks[LENGTH(rests)];
    void *guards[LENGTH(rests)];

    set_up();
    for (size_t i = 0; i < LENGTH(rests); i++) {
        blocks[i] = checked_malloc(taken(i) + rests[i]);
        guards[i] = checked_malloc(8);
    }
    for (size_t i = 0; i < LENGTH(rests); i++)
        checked_free(blocks[i]);

    judged_part();

    for (size_t i = 0; i < LENGTH(rests); i++)
        blocks[i] = checked_malloc(taken(i));

    void *rest = checked_malloc(PAYLOAD(SMALLEST_REST));

    for (size_t i = 0; i < LENGTH(rests) - 1; i++) {
        checked_free(blocks[i]);
        blocks[i] = checked_malloc(taken(i) + rests[i]);
    }

    clean_up();
    checked_free(rest);
    for (size_t i = 0; i < LENGTH(rests); i++) {
        checked_free(blocks[i]);
        checked_free(guards[i]);
    }
    return 0;
}
