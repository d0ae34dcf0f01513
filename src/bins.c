/* SPDX-License-Identifier: MIT */
#include "bins.h"

struct bins bins = {.words = {[WORDS] = 1}};

size_t bins_find_from(size_t at)
{
    while (bins.words[at] == 0)
        at++;
    return at * WORD_BITS + (unsigned)__builtin_ctzll(bins.words[at]);
}

struct block_meta *bins_lowest(size_t bin)
{
    return block_at(bins.tops[bin]);
}

size_t bins_check(void)
{
    size_t count = 0;

    for (size_t bin = 0; bin < BINS; bin++) {
        bool marked = bins.words[bin / WORD_BITS] >> bin % WORD_BITS & 1;

        if (marked != (bins.tops[bin] != 0))
            report_mistake("the index was overwritten", &bins.tops[bin]);
        count += pairing_check(bins.tops[bin], bin * UNIT);
    }
    return count;
}
