/* SPDX-License-Identifier: MIT */
/*
 * A block grows into the free blocks behind it: several count as one. What lies before it is of no
 * use, and neither is what is in use.
 */
#include "snippet.h"

int main(void)
{
    set_up_after(checked_realloc(NULL, ALIGNMENT));

    void *before = checked_malloc(2000);
    void *block = checked_malloc(200);
    void *first = checked_malloc(400);
    void *second = checked_malloc(400);
    void *guard = checked_malloc(8);
    void *far_before = checked_malloc(2000);
    void *stuck = checked_malloc(200);
    void *stuck_guard = checked_malloc(8);
    void *room = checked_malloc(2400);
    void *room_guard = checked_malloc(8);

    checked_free(first);
    checked_free(second);
    checked_free(far_before);
    checked_free(room);

    judged_part();

    block = checked_realloc(block, PAYLOAD(TOTAL(200) + 2 * TOTAL(400)));
    checked_free(before);
    before = checked_malloc(2000);
    stuck = checked_realloc(stuck, 2100);

    clean_up();
    checked_free(before);
    checked_free(block);
    checked_free(stuck);
    checked_free(guard);
    checked_free(stuck_guard);
    checked_free(room_guard);
    return 0;
}
