/* SPDX-License-Identifier: MIT */
/*
 * Maps memory over other memory in the first call, where no test compares requests.
 *
 * Expected: all points, flagged: mapped memory in place of other memory
 */
#include <stdint.h>
#include <sys/mman.h>

#include "attack.h"

static char pages[2 * 65536];

void strike(int call)
{
    char *page = (char *)(((uintptr_t)pages + 65535) & ~(uintptr_t)65535);

    if (call != 1)
        return;
    mmap(page, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    munmap(page, 4096);
    mmap(page, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    munmap(page, 4096);
}
