/* SPDX-License-Identifier: MIT */
/*
 * Says that the set-up and the judged part begin, before the program does.
 *
 * Expected: differs
 */
#include <sys/mman.h>

__attribute__((constructor)) static void begin(void)
{
    munmap((void *)0x5E7B0000ul, 0);
    munmap((void *)0x5E7B1000ul, 0);
}
