/* SPDX-License-Identifier: MIT */
/*
 * A long run of blocks, freed in an awkward order, serves one request as large as all of them.
 * Catches merging that stops after a few neighbours.
 */
#include "snippet.h"

int main(void)
{
    void *blocks[16];

    for (size_t i = 0; i < LENGTH(blocks); i++)
        blocks[i] = checked_calloc(i + 1, 20);

    void *guard = checked_calloc(1, 8);

    for (size_t i = 1; i < LENGTH(blocks); i += 2)
        checked_free(blocks[i]);
    for (size_t i = LENGTH(blocks); i > 0; i -= 2)
        checked_free(blocks[i - 2]);

    size_t total = 0;

    for (size_t i = 0; i < LENGTH(blocks); i++)
        total += TOTAL((i + 1) * 20);

    void *big = checked_calloc(1, PAYLOAD(total));

    checked_free(big);
    checked_free(guard);
}
