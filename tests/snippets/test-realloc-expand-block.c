/* SPDX-License-Identifier: MIT */
/*
 * The heap's last block grows where it is, by the bytes it lacks. Only the one that is last from
 * the start does: one that becomes last by taking in a free neighbour moves. Catches growth by the
 * whole new size, in pages, or not at all, and the two rules being asked in the wrong order; a
 * refusal of the system that goes unseen, or costs something; and a block that grows over what
 * someone else has taken from the break.
 */
#include "snippet.h"

int main(void)
{
    size_t size = PAYLOAD(MMAP_THRESHOLD - TOTAL(MMAP_THRESHOLD / 2));
    void *bottom = checked_realloc(NULL, MMAP_THRESHOLD / 2);
    void *last = checked_realloc(NULL, size);

    refuse_memory();
    CHECK_ENOMEM(os_realloc(last, size + 1));
    grant_memory();
    last = checked_realloc(last, size + 1);
    last = checked_realloc(last, size + 1000);

    /* A free block of 968 bytes is split off, and it is last now. It is given back if the block
     * that took it in can't move. */
    last = checked_realloc(last, size);
    refuse_memory();
    CHECK_ENOMEM(os_realloc(last, size + 2000));
    void *rest = checked_realloc(NULL, 968);
    grant_memory();

    checked_free(rest);
    last = checked_realloc(last, size + 2000);

    /* What it has left is one free block. */
    void *left = checked_realloc(NULL, size + 1000);

    /* It is the last one, but what follows it is not ours. */
    move_break(1);
    last = checked_realloc(last, size + 3000);
    last = checked_realloc(last, size + 4000);

    checked_free(bottom);
    checked_free(last);
    checked_free(left);
}
