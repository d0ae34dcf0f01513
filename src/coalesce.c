/* SPDX-License-Identifier: MIT */
#include "coalesce.h"

bool coalesce_all(void)
{
    bool any = false;

    for (struct block_meta *block = block_list.first; block != NULL; block = next_block(block)) {
        struct block_meta *next;

        while (block->status == STATUS_FREE && (next = next_free_neighbour(block)) != NULL) {
            free_blocks_merge(block, next);
            any = true;
        }
    }
    return any;
}
