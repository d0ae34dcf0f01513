/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "mapping.h"

struct block_meta *mapping_take(size_t payload)
{
    struct block_meta *block = mmap(NULL, payload + sizeof(*block), PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (block == MAP_FAILED) {
        errno = ENOMEM;
        return NULL;
    }
    *block = (struct block_meta){.size = payload, .status = STATUS_MAPPED};
    return block;
}

void mapping_release(struct block_meta *block)
{
    int saved_errno = errno;

    /* Unmapping the middle of a merged area can fail for want of area descriptors. A free has no
     * way to say so: the memory stays with the process. */
    munmap(block, block->size + sizeof(*block));
    errno = saved_errno;
}
