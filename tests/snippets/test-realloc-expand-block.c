/* SPDX-License-Identifier: MIT */
/*
 * The heap's last block grows where it is: the system is asked for just the bytes that are missing.
 * A mapping made in between does not hide that it is the last.
 */
#include "snippet.h"

int main(void)
{
    set_up_after(checked_realloc(NULL, ALIGNMENT));

    void *guard = checked_malloc(8);
    void *last = checked_malloc(208);
    void *mapped = checked_malloc(MMAP_THRESHOLD);

    judged_part();

    last = checked_realloc(last, 224);
    last = checked_realloc(last, 3008);
    last = checked_realloc(last, 3024);

    clean_up();
    checked_free(mapped);
    checked_free(last);
    checked_free(guard);
    return 0;
}
