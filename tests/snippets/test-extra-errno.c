/* SPDX-License-Identifier: MIT */
/*
 * A request that fails sets errno to ENOMEM; one that succeeds leaves it alone.
 */
#include "snippet.h"

int main(void)
{
    errno_counts();
    set_up();
    judged_part();

    void *block = checked_malloc(200);

    block = checked_realloc(block, 2000);

    void *cleared = checked_calloc(10, 10);
    void *mapped = checked_malloc(MMAP_THRESHOLD);

    CHECK_ENOMEM(os_malloc(SIZE_MAX));
    CHECK_ENOMEM(os_calloc(SIZE_MAX / 8 + 2, 8));
    CHECK_ENOMEM(os_realloc(block, SIZE_MAX));
    refuse_memory();
    CHECK_ENOMEM(os_malloc(5000));
    CHECK_ENOMEM(os_malloc(MMAP_THRESHOLD));
    grant_memory();

    clean_up();
    checked_free(mapped);
    checked_free(cleared);
    checked_free(block);
    return 0;
}
