/* SPDX-License-Identifier: MIT */
/*
 * A free block is split only if the rest can hold a header and 8 bytes. Otherwise it stays whole,
 * and is as large as before once it is free again.
 */
#include "snippet.h"

/* What is left over of each block. */
static const size_t array_rests[] = {SMALL_REST(1), SMALL_REST(2), SMALL_REST(3), SMALL_REST(4),
                                     SMALLEST_REST};

static size_t array_taken(size_t i)
{
    return 600 * (i + 1);
}

int main(void)
{
    void *blocks[LENGTH(array_rests)];
    void *guards[LENGTH(array_rests)];

    set_up_after(uncleared_calloc(1, ALIGNMENT));
    for (size_t i = 0; i < LENGTH(array_rests); i++) {
        blocks[i] = checked_malloc(array_taken(i) + array_rests[i]);
        guards[i] = checked_malloc(8);
    }
    for (size_t i = 0; i < LENGTH(array_rests); i++)
        checked_free(blocks[i]);

    judged_part();

    for (size_t i = 0; i < LENGTH(array_rests); i++)
        blocks[i] = uncleared_calloc(1, array_taken(i));

    void *rest = uncleared_calloc(1, PAYLOAD(SMALLEST_REST));

    for (size_t i = 0; i < LENGTH(array_rests) - 1; i++) {
        checked_free(blocks[i]);
        blocks[i] = uncleared_calloc(1, array_taken(i) + array_rests[i]);
    }

    clean_up();
    checked_free(rest);
    for (size_t i = 0; i < LENGTH(array_rests); i++) {
        checked_free(blocks[i]);
        checked_free(guards[i]);
    }
    return 0;
}
