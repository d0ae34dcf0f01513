/* SPDX-License-Identifier: MIT */
/*
 * table.h - memory for the replayer itself.
 *
 * It does not come from malloc(), which may be the allocator that is measured. It is shared between
 * the replayer and the processes it forks, so they can leave results in it; and shared memory does
 * not count as anonymous, so it is never mistaken for the allocator's (see footprint.h).
 */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>

/* Cleared memory for `count` elements of `size` bytes, for good. Ends the program if there is none.
 */
void *make_table(size_t count, size_t size);

#endif
