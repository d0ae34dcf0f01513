/* SPDX-License-Identifier: MIT */
/*
 * A block grows where it is if the free block behind it makes up what is missing, to the last byte,
 * and even if another free block would fit.
 */
#include "snippet.h"

int main(void)
{
    set_up_after(checked_realloc(NULL, ALIGNMENT));

    void *block = checked_malloc(200);
    void *behind = checked_malloc(600);
    void *guard = checked_malloc(8);
    void *other = checked_malloc(PAYLOAD(TOTAL(200) + TOTAL(600)));
    void *other_guard = checked_malloc(8);

    checked_free(behind);
    checked_free(other);

    judged_part();

    block = checked_realloc(block, PAYLOAD(TOTAL(200) + TOTAL(600)));

    clean_up();
    checked_free(block);
    checked_free(guard);
    checked_free(other_guard);
    return 0;
}
