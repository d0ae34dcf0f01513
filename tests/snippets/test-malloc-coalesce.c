/* SPDX-License-Identifier: MIT */
/*
 * Free blocks that touch count as one, in whatever order they were freed: with the one before, with
 * the one behind, and with both.
 */
#include "snippet.h"

int main(void)
{
    void *pair[2], *reversed[2], *three[3], *guards[3];

    set_up();
    for (size_t i = 0; i < LENGTH(pair); i++)
        pair[i] = checked_malloc(200);
    guards[0] = checked_malloc(8);
    for (size_t i = 0; i < LENGTH(reversed); i++)
        reversed[i] = checked_malloc(400);
    guards[1] = checked_malloc(8);
    for (size_t i = 0; i < LENGTH(three); i++)
        three[i] = checked_malloc(600);
    guards[2] = checked_malloc(8);

    judged_part();

    checked_free(pair[0]);
    checked_free(pair[1]);
    pair[0] = checked_malloc(PAYLOAD(2 * TOTAL(200)));

    checked_free(reversed[1]);
    checked_free(reversed[0]);
    reversed[0] = checked_malloc(PAYLOAD(2 * TOTAL(400)));

    checked_free(three[0]);
    checked_free(three[2]);
    checked_free(three[1]);
    three[0] = checked_malloc(PAYLOAD(3 * TOTAL(600)));

    clean_up();
    checked_free(pair[0]);
    checked_free(reversed[0]);
    checked_free(three[0]);
    for (size_t i = 0; i < LENGTH(guards); i++)
        checked_free(guards[i]);
}
