/* SPDX-License-Identifier: MIT */
/*
 * table.h - memory for the replayer itself.
 *
 * It does not come from malloc(), which may be the allocator under test. It is shared with the
 * processes that the replayer forks, so that they can leave results in it. Shared memory is not
 * anonymous, so it never counts as the allocator's (see footprint.h).
 */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>

/* Returns zeroed memory for `count` elements of `size` bytes, which is never freed. Ends the
 * program if there is none. */
void *make_table(size_t count, size_t size);

#endif
