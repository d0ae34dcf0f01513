/* SPDX-License-Identifier: MIT */
/*
 * Arrays of many shapes are cleared in memory that was written to before. Catches memory that is
 * not cleared, or cleared for one element only, and sizes that are not rounded up.
 */
#include "snippet.h"

int main(void)
{
    static const struct {
        size_t nmemb, size;
    } shapes[] = {{1, 1},  {1, 7},  {3, 3},  {2, 4},   {5, 13},   {13, 5},  {10, 20},
                  {1, 99}, {99, 1}, {7, 64}, {3, 333}, {2, 1000}, {10, 400}};
    void *arrays[LENGTH(shapes)];

    for (size_t i = 0; i < LENGTH(shapes); i++)
        arrays[i] = checked_malloc(shapes[i].nmemb * shapes[i].size);
    for (size_t i = 0; i < LENGTH(shapes); i++)
        checked_free(arrays[i]);

    for (size_t i = 0; i < LENGTH(shapes); i++)
        arrays[i] = checked_calloc(shapes[i].nmemb, shapes[i].size);
    for (size_t i = 0; i < LENGTH(shapes); i++)
        checked_free(arrays[i]);
}
