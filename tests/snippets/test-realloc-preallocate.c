/* SPDX-License-Identifier: MIT */
/*
 * os_realloc(NULL, size) makes the heap's first request as os_malloc does: 128 KiB at once.
 * Mappings made before are no requests of the heap's. A piece that is too close in size to be split
 * stays whole, and a block that grows to the threshold moves to a mapping even if it has the room.
 */
#include "snippet.h"

int main(void)
{
    judged_part();

    void *mapped = checked_realloc(NULL, MMAP_THRESHOLD);
    void *also_mapped = checked_realloc(NULL, MMAP_THRESHOLD);

    /* The piece holds 24 bytes more, and still does when it is free again. */
    void *whole = checked_realloc(NULL, PAYLOAD(FIRST_OF_MALLOC) - 24);

    checked_free(whole);
    whole = checked_realloc(NULL, PAYLOAD(FIRST_OF_MALLOC) - 16);
    whole = checked_realloc(whole, PAYLOAD(MMAP_THRESHOLD));

    void *first = checked_realloc(NULL, 1008);
    void *second = checked_realloc(NULL, FIRST_OF_MALLOC / 2);

    clean_up();
    checked_free(second);
    checked_free(first);
    checked_free(whole);
    checked_free(also_mapped);
    checked_free(mapped);
    return 0;
}
