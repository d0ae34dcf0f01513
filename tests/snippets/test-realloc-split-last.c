/* SPDX-License-Identifier: MIT */
/*
 * A block that shrinks in several steps gives up its end each time, and the last block of the heap
 * does so, too: what is left over serves the next request.
 */
#include "snippet.h"

int main(void)
{
    set_up_after(checked_realloc(NULL, ALIGNMENT));

    void *guard = checked_malloc(8);
    void *last = checked_malloc(3008);

    judged_part();

    last = checked_realloc(last, 2000);

    void *rest = checked_malloc(NEARLY_ALL(3008 - TOTAL(2000)));

    last = checked_realloc(last, 1008);

    void *next = checked_malloc(NEARLY_ALL(2000 - TOTAL(1008)));

    clean_up();
    checked_free(last);
    checked_free(rest);
    checked_free(next);
    checked_free(guard);
    return 0;
}
