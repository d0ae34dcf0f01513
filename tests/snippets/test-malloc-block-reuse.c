/* SPDX-License-Identifier: MIT */
/*
 * A freed block stays with the program and serves the next request that fits. Freeing asks nothing
 * of the system, nor does freeing NULL.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    void *block = checked_malloc(200);
    void *guard = checked_malloc(8);

    judged_part();

    checked_free(block);
    os_free(NULL);
    block = checked_malloc(NEARLY_ALL(200));

    clean_up();
    checked_free(block);
    checked_free(guard);
    return 0;
}
