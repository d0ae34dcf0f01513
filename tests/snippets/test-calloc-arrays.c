/* SPDX-License-Identifier: MIT */
/*
 * os_calloc clears every element of its array, also in memory that was in use before. An array
 * without elements, or of elements without size, is NULL.
 */
#include "snippet.h"

int main(void)
{
    static const struct {
        size_t length;
        size_t size;
    } arrays[] = {{1, 8}, {10, 10}, {100, 4}, {3, 333}, {25, 80}, {2, 1500}};
    void *blocks[LENGTH(arrays)];
    void *guards[LENGTH(arrays)];

    set_up_after(uncleared_calloc(1, ALIGNMENT));
    for (size_t i = 0; i < LENGTH(arrays); i++) {
        blocks[i] = checked_malloc(arrays[i].length * arrays[i].size);
        guards[i] = checked_malloc(8);
    }
    for (size_t i = 0; i < LENGTH(arrays); i++)
        checked_free(blocks[i]);

    judged_part();

    for (size_t i = 0; i < LENGTH(arrays); i++)
        blocks[i] = checked_calloc(arrays[i].length, arrays[i].size);
    CHECK_NULL(os_calloc(0, 8));
    CHECK_NULL(os_calloc(8, 0));

    clean_up();
    for (size_t i = 0; i < LENGTH(arrays); i++) {
        checked_free(guards[i]);
        checked_free(blocks[i]);
    }
    return 0;
}
