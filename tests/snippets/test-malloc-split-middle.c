/* SPDX-License-Identifier: MIT */
/*
 * What is left over when a block is split takes its place among the others: it is found, and so are
 * the free blocks before and behind it.
 */
#include "snippet.h"

int main(void)
{
    void *guards[3];

    set_up();

    void *before = checked_malloc(600);

    guards[0] = checked_malloc(8);

    void *middle = checked_malloc(1000);

    guards[1] = checked_malloc(8);

    void *behind = checked_malloc(1400);

    guards[2] = checked_malloc(8);
    checked_free(middle);

    judged_part();

    middle = checked_malloc(304);

    void *rest = checked_malloc(NEARLY_ALL(1000 - TOTAL(304)));

    checked_free(before);
    before = checked_malloc(NEARLY_ALL(600));
    checked_free(behind);
    behind = checked_malloc(NEARLY_ALL(1400));

    clean_up();
    checked_free(before);
    checked_free(middle);
    checked_free(rest);
    checked_free(behind);
    for (size_t i = 0; i < LENGTH(guards); i++)
        checked_free(guards[i]);
    return 0;
}
