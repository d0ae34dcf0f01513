/* SPDX-License-Identifier: MIT */
/*
 * Payloads take a multiple of 8 bytes: nothing is free, so each block is asked for with its exact
 * total, and lies right behind the one before. A request for 0 bytes gets NULL and asks for
 * nothing.
 */
#include "snippet.h"

int main(void)
{
    static const size_t sizes[] = {1, 7, 8, 9, 15, 16, 17, 100, 1023, 2049};
    void *blocks[LENGTH(sizes)];

    set_up();
    judged_part();

    for (size_t i = 0; i < LENGTH(sizes); i++)
        blocks[i] = checked_malloc(sizes[i]);
    CHECK_NULL(os_malloc(0));

    clean_up();
    for (size_t i = 0; i < LENGTH(blocks); i++)
        checked_free(blocks[i]);
    return 0;
}
