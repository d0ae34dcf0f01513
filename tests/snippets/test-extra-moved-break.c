/* SPDX-License-Identifier: MIT */
/*
 * Someone else moves the break: the heap goes on behind the gap, the last block does not grow into
 * it, and blocks on both sides of it never count as one.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    void *guard = checked_malloc(8);
    void *last = checked_malloc(200);

    judged_part();

    move_break(1);
    last = checked_realloc(last, 1000);

    void *behind = checked_malloc(400);

    /* Free memory lies on both sides of the first gap now. */
    checked_free(last);
    checked_free(behind);
    move_break(1);
    behind = checked_malloc(3000);
    last = checked_malloc(PAYLOAD(TOTAL(1000) + TOTAL(400)));

    clean_up();
    checked_free(last);
    checked_free(behind);
    checked_free(guard);
    return 0;
}
