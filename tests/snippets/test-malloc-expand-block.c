/* SPDX-License-Identifier: MIT */
/*
 * Nothing fits: if the heap's last block is free, the system is asked for just what it lacks;
 * otherwise for the total of a new block behind it. A mapping made in between changes neither.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    void *guard = checked_malloc(8);
    void *last = checked_malloc(208);
    void *mapped = checked_malloc(MMAP_THRESHOLD);

    checked_free(last);

    judged_part();

    last = checked_malloc(1008);

    void *appended = checked_malloc(512);

    clean_up();
    checked_free(mapped);
    checked_free(appended);
    checked_free(last);
    checked_free(guard);
    return 0;
}
