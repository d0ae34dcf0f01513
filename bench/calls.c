/* SPDX-License-Identifier: MIT */
/*
 * calls.c - makes a number of calls to the allocator: calls NUMBER.
 *
 * Small blocks come and go, and now and then a mapping.
 */
#include <stdlib.h>

#include "osmem.h"

#define SLOTS 64

int main(int argc, char **argv)
{
    static void *slots[SLOTS];
    unsigned long random = 1;

    for (long left = argc > 1 ? atol(argv[1]) : 0; left > 0; left--) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        void **slot = &slots[(random >> 33) % SLOTS];
        size_t large = (random >> 52) % 256 == 0 ? 140000 : 0;

        if (*slot == NULL) {
            *slot = os_malloc(8 + (random >> 40) % 2048 + large);
        } else {
            os_free(*slot);
            *slot = NULL;
        }
    }
}
