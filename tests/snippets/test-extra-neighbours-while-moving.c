/* SPDX-License-Identifier: MIT */
/*
 * A block that is too small with all the free memory behind it moves. What lies behind it is not
 * free meanwhile: growth does not extend it.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    void *guard = checked_malloc(8);
    void *block = checked_malloc(200);
    void *last = checked_malloc(200);

    checked_free(last);

    judged_part();

    block = checked_realloc(block, 1000);

    clean_up();
    checked_free(block);
    checked_free(guard);
    return 0;
}
