/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/auxv.h>

#include "block.h"

uint64_t block_secret;

/* The kernel gives each process 16 random bytes. The library's seals must not give away the values
 * that libc takes from them, the guards of stacks and pointers, so they are mixed. */
void block_choose_secret(void)
{
    const void *random = (const void *)getauxval(AT_RANDOM); // NOLINT(performance-no-int-to-ptr)
    uint64_t words[2] = {1, 1};

    if (block_secret != 0)
        return;
    if (random != NULL)
        memcpy(words, random, sizeof(words));
    words[0] = (words[0] ^ words[0] >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    words[1] = (words[1] ^ words[1] >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    block_secret = words[0] ^ words[0] >> 31 ^ words[1] ^ words[1] >> 27;
}
