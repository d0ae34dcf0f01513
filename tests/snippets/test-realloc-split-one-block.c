/* SPDX-License-Identifier: MIT */
/*
 * A block that shrinks stays where it is and is split: what is left over is a free block, which
 * serves the next request.
 */
#include "snippet.h"

int main(void)
{
    set_up_after(checked_realloc(NULL, ALIGNMENT));

    void *block = checked_malloc(3008);
    void *guard = checked_malloc(8);

    judged_part();

    block = checked_realloc(block, 1008);

    void *rest = checked_malloc(NEARLY_ALL(3008 - TOTAL(1008)));

    clean_up();
    checked_free(block);
    checked_free(rest);
    checked_free(guard);
    return 0;
}
