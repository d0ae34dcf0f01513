/* SPDX-License-Identifier: MIT */
/*
 * Free blocks that touch count as one, in whatever order they were freed: with the one before, with
 * the one behind, and with both. The headers between them count, too.
 */
#include "snippet.h"

int main(void)
{
    void *upwards[3], *downwards[3], *outside_in[3], *guards[3];

    set_up_after(uncleared_calloc(1, ALIGNMENT));
    for (size_t i = 0; i < LENGTH(upwards); i++)
        upwards[i] = checked_malloc(200);
    guards[0] = checked_malloc(8);
    for (size_t i = 0; i < LENGTH(downwards); i++)
        downwards[i] = checked_malloc(400);
    guards[1] = checked_malloc(8);
    for (size_t i = 0; i < LENGTH(outside_in); i++)
        outside_in[i] = checked_malloc(600);
    guards[2] = checked_malloc(8);

    judged_part();

    checked_free(upwards[0]);
    checked_free(upwards[1]);
    checked_free(upwards[2]);
    upwards[0] = uncleared_calloc(1, NEARLY_ALL(PAYLOAD(3 * TOTAL(200))));

    checked_free(downwards[2]);
    checked_free(downwards[1]);
    checked_free(downwards[0]);
    downwards[0] = uncleared_calloc(1, NEARLY_ALL(PAYLOAD(3 * TOTAL(400))));

    checked_free(outside_in[0]);
    checked_free(outside_in[2]);
    checked_free(outside_in[1]);
    outside_in[0] = uncleared_calloc(1, NEARLY_ALL(PAYLOAD(3 * TOTAL(600))));

    clean_up();
    checked_free(upwards[0]);
    checked_free(downwards[0]);
    checked_free(outside_in[0]);
    for (size_t i = 0; i < LENGTH(guards); i++)
        checked_free(guards[i]);
    return 0;
}
