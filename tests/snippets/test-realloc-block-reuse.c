/* SPDX-License-Identifier: MIT */
/*
 * A block that moves takes the free block that fits best, as any request does, and leaves its old
 * place free for the next one. A block that is the heap's last only together with the free one
 * behind it, and still too small, moves, too.
 */
#include "snippet.h"

int main(void)
{
    void *guards[5];

    set_up_after(checked_realloc(NULL, ALIGNMENT));

    void *block = checked_malloc(200);

    guards[0] = checked_malloc(8);

    void *wide = checked_malloc(1000);

    guards[1] = checked_malloc(8);

    void *close = checked_malloc(600);

    guards[2] = checked_malloc(8);

    void *narrow = checked_malloc(400);

    guards[3] = checked_malloc(8);

    void *far = checked_malloc(3000);

    guards[4] = checked_malloc(8);

    void *tail = checked_malloc(200);
    void *last = checked_malloc(200);

    checked_free(wide);
    checked_free(close);
    checked_free(narrow);
    checked_free(far);
    checked_free(last);

    judged_part();

    block = checked_realloc(block, 600);
    block = checked_realloc(block, 1000);
    tail = checked_realloc(tail, 3000);

    void *old_place = checked_malloc(200);
    void *second_place = checked_malloc(600);

    clean_up();
    checked_free(block);
    checked_free(tail);
    checked_free(old_place);
    checked_free(second_place);
    for (size_t i = 0; i < LENGTH(guards); i++)
        checked_free(guards[i]);
    return 0;
}
