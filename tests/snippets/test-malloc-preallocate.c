/* SPDX-License-Identifier: MIT */
/*
 * The heap's first request asks the system for 128 KiB at once, and what follows is served from
 * there without another request, up to the last byte.
 */
#include "snippet.h"

int main(void)
{
    judged_part();

    void *small = checked_malloc(1008);
    void *half = checked_malloc(FIRST_OF_MALLOC / 2);
    void *rest =
        checked_malloc(PAYLOAD(FIRST_OF_MALLOC - TOTAL(1008) - TOTAL(FIRST_OF_MALLOC / 2)));

    clean_up();
    checked_free(rest);
    checked_free(half);
    checked_free(small);
    return 0;
}
