/* SPDX-License-Identifier: MIT */
#include "depot.h"
#include "heap.h"

#define SIZES  (DEPOT_LARGEST / UNIT + 1)
#define CHAINS 2 /* of each size */

static struct chain depot[SIZES][CHAINS];

void chain_release(struct chain chain, size_t payload)
{
    struct block_meta *block = chain.top;

    for (unsigned i = 0; i < chain.count; i++) {
        struct block_meta *next = *next_in_chain(expect_in_chain(block, payload));

        heap_release(block);
        block = next;
    }
}

void depot_put(struct chain chain, size_t payload)
{
    for (int i = 0; i < CHAINS; i++)
        if (depot[payload / UNIT][i].count == 0) {
            depot[payload / UNIT][i] = chain;
            return;
        }
    chain_release(chain, payload);
}

struct chain depot_take(size_t payload)
{
    struct chain chain = {0};

    for (int i = 0; i < CHAINS && chain.count == 0; i++) {
        chain = depot[payload / UNIT][i];
        depot[payload / UNIT][i] = (struct chain){0};
    }
    return chain;
}

void depot_empty(void)
{
    for (size_t payload = UNIT; payload <= DEPOT_LARGEST; payload += UNIT)
        for (struct chain chain; (chain = depot_take(payload)).count > 0;)
            chain_release(chain, payload);
}
