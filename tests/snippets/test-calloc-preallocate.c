/* SPDX-License-Identifier: MIT */
/*
 * If os_calloc makes the heap's first request, it asks for one page at once. It happens once,
 * whoever asks next.
 */
#include "snippet.h"

int main(void)
{
    judged_part();

    void *cleared = checked_calloc(10, 96);
    void *small = checked_malloc(496);
    void *rest = checked_calloc(1, PAYLOAD(FIRST_OF_CALLOC - TOTAL(960) - TOTAL(496)));

    clean_up();
    checked_free(rest);
    checked_free(small);
    checked_free(cleared);
    return 0;
}
