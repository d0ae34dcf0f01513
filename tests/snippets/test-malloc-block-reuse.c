/* SPDX-License-Identifier: MIT */
/*
 * A freed block stays with the program and serves the next request of its size. Freeing asks
 * nothing of the system, nor does freeing NULL.
 */
#include "snippet.h"

int main(void)
{
    set_up();

    void *large = checked_malloc(2000);
    void *first_guard = checked_malloc(8);
    void *small = checked_malloc(200);
    void *second_guard = checked_malloc(8);

    judged_part();

    checked_free(small);
    small = checked_malloc(200);
    checked_free(large);
    os_free(NULL);
    large = checked_malloc(2000);
    checked_free(small);
    small = checked_malloc(200);

    clean_up();
    checked_free(large);
    checked_free(small);
    checked_free(first_guard);
    checked_free(second_guard);
}
