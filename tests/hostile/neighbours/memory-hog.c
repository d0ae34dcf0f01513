/* SPDX-License-Identifier: MIT */
/*
 * Takes all the memory it can get, and uses it.
 *
 * Expected: no points
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    const size_t piece = 8 << 20;

    while (call == 3) {
        void *memory =
            mmap(NULL, piece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (memory == MAP_FAILED)
            _exit(9);
        memset(memory, 1, piece);
    }
}
