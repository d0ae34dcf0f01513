/* SPDX-License-Identifier: MIT */
/*
 * A mapping that is resized to the size it has moves to another one.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    void *mapped = checked_malloc(MMAP_THRESHOLD);

    judged_part();

    mapped = checked_realloc(mapped, MMAP_THRESHOLD);

    clean_up();
    checked_free(mapped);
    return 0;
}
