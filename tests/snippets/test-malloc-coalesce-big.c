/* SPDX-License-Identifier: MIT */
/*
 * A long run of blocks, freed in an awkward order, serves one request as large as all of them; in
 * the end the whole heap is one block again. Catches merging that stops after a few neighbours,
 * and any byte that gets lost in splitting or merging: the heap would have to grow.
 */
#include "snippet.h"

int main(void)
{
    void *blocks[16];

    for (size_t i = 0; i < LENGTH(blocks); i++)
        blocks[i] = checked_malloc(500);

    void *guard = checked_malloc(8);

    for (size_t i = 1; i < LENGTH(blocks); i += 2)
        checked_free(blocks[i]);
    for (size_t i = LENGTH(blocks); i > 0; i -= 2)
        checked_free(blocks[i - 2]);

    void *big = checked_malloc(PAYLOAD(LENGTH(blocks) * TOTAL(500)));

    checked_free(guard);
    checked_free(big);

    void *heap = checked_malloc(PAYLOAD(MMAP_THRESHOLD) - ALIGNMENT);

    checked_free(heap);
}
