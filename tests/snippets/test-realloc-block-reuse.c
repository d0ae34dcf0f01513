/* SPDX-License-Identifier: MIT */
/*
 * A block that can't grow where it is moves, and leaves a free one behind; so does one whose size
 * becomes 0. A block that was freed is not brought back, however large it shall be. Catches a block
 * that is leaked when it moves, a mapping whose old size is copied over what lies behind its new
 * place, and use after free.
 */
#include "snippet.h"

int main(void)
{
    void *block = checked_realloc(NULL, 200);
    void *guard = checked_realloc(NULL, 8);

    block = checked_realloc(block, 600);

    /* All of these use the place that the block has left. */
    void *reused = checked_realloc(NULL, 200);

    checked_free(reused);
    reused = checked_realloc(NULL, MMAP_THRESHOLD);
    reused = checked_realloc(reused, 190);
    checked_realloc(reused, 0);
    CHECK_NULL(os_realloc(reused, 100));
    CHECK_NULL(os_realloc(reused, 2 * MMAP_THRESHOLD));
    CHECK_NULL(os_realloc(reused, 0));
    reused = checked_realloc(NULL, 180);

    checked_free(reused);
    os_free(reused);
    checked_free(guard);
    checked_free(block);
}
