/* SPDX-License-Identifier: MIT */
/*
 * A block grows again and again into the free memory behind it, from which it is split each time,
 * until nothing is left.
 */
#include "snippet.h"

int main(void)
{
    void *behind[8];

    set_up_after(checked_realloc(NULL, ALIGNMENT));

    void *block = checked_malloc(200);

    for (size_t i = 0; i < LENGTH(behind); i++)
        behind[i] = checked_malloc(200);

    void *guard = checked_malloc(8);

    for (size_t i = 0; i < LENGTH(behind); i++)
        checked_free(behind[i]);

    judged_part();

    for (size_t size = 400; size < LENGTH(behind) * TOTAL(200); size += 400)
        block = checked_realloc(block, size);
    block = checked_realloc(block, PAYLOAD((LENGTH(behind) + 1) * TOTAL(200)));

    clean_up();
    checked_free(block);
    checked_free(guard);
    return 0;
}
