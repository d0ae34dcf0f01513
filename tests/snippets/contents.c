/* SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "calls.h"
#include "contents.h"
#include "records.h"
#include "telling.h"

/* What byte `offset` of a block holds, by the block's number. The period is a prime, so that
 * contents that were moved by some power of two do not look right, and two blocks never hold the
 * same. */
static unsigned char pattern(size_t number, size_t offset)
{
    return (unsigned char)(number * 37 + offset % 251);
}

void fill(size_t number, unsigned char *start, size_t size)
{
    for (size_t i = 0; i < size; i++)
        start[i] = pattern(number, i);
}

/*
 * A library could write the pattern of a block anew where os_realloc() should copy it. So each
 * fourth byte is changed by what nobody can guess just before that call. Only a digest of them is
 * kept.
 */
static bool is_scrambled(size_t offset)
{
    return offset % 4 == 1;
}

void scramble(unsigned char *start, size_t size)
{
    volatile uint64_t seed;

    draw(&seed);
    for (size_t i = 0; i < size; i++)
        if (is_scrambled(i))
            start[i] ^= (unsigned char)mix(seed + i);
    seed = 0;
}

static uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

/* This is the round of SipHash: other contents of the same digest can't be found in time. */
static void stir(uint64_t state[4])
{
    state[0] += state[1];
    state[2] += state[3];
    state[1] = rotate(state[1], 13) ^ state[0];
    state[3] = rotate(state[3], 16) ^ state[2];
    state[2] += state[1];
    state[0] = rotate(state[0], 32) + state[3];
    state[1] = rotate(state[1], 17) ^ state[2];
    state[3] = rotate(state[3], 21) ^ state[0];
    state[2] = rotate(state[2], 32);
}

uint64_t digest_of(const unsigned char *start, size_t size)
{
    uint64_t state[4] = {mix(size), mix(1), mix(2), mix(3)};

    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t word = 0;

        for (size_t j = i; j < size && j < i + sizeof(word); j++)
            word = word << 8 | start[j];
        state[3] ^= word;
        stir(state);
        state[0] ^= word;
    }
    for (int i = 0; i < 3; i++)
        stir(state);
    return state[0] ^ state[1] ^ state[2] ^ state[3];
}

/* Checks a byte of a block. */
static void check_byte(size_t number, const unsigned char *start, size_t i, const char *when)
{
    if (start[i] != pattern(number, i))
        fail(": %s the call byte %zu is 0x%02x, expected 0x%02x", when, i, start[i],
             pattern(number, i));
}

size_t check_untouched(size_t number, const unsigned char *start, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++)
        check_byte(number, start, i, "before");
    return i;
}

void check_kept(size_t number, const unsigned char *start, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++)
        if (!is_scrambled(i))
            check_byte(number, start, i, "after");

    uint64_t digest = digest_of(start, size);

    if (digest != statement.digest)
        fail(": after the call some byte is not what it was before");
    tell(KEPT, kept_bytes(number, i), digest);
}

void check_cleared(const unsigned char *start, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++)
        if (start[i] != 0)
            fail(": byte %zu is 0x%02x, expected 0x00", i, start[i]);
    tell(ZEROED, 0, i);
}
