/* SPDX-License-Identifier: MIT */
/*
 * What a shrunk block leaves over counts as one with the free block behind it.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    void *block = checked_malloc(1000);
    void *behind = checked_malloc(200);
    void *guard = checked_malloc(8);

    checked_free(behind);

    judged_part();

    block = checked_realloc(block, 504);

    void *rest = checked_malloc(PAYLOAD(TOTAL(1000) + TOTAL(200) - TOTAL(504)));

    clean_up();
    checked_free(block);
    checked_free(rest);
    checked_free(guard);
    return 0;
}
