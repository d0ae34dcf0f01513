/* SPDX-License-Identifier: MIT */
/*
 * A block grows into all the free memory behind it, and is split then: a rest that would be too
 * small for a block of its own joins the free block that follows.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    void *block = checked_malloc(200);
    void *first = checked_malloc(200);
    void *second = checked_malloc(200);
    void *guard = checked_malloc(8);

    checked_free(first);
    checked_free(second);

    judged_part();

    block = checked_realloc(block, PAYLOAD(2 * TOTAL(200)) - 16);

    void *rest = checked_malloc(216);

    clean_up();
    checked_free(block);
    checked_free(rest);
    checked_free(guard);
    return 0;
}
