/* SPDX-License-Identifier: MIT */
/*
 * hot.c - what most calls run through, as one unit: that takes two thirds of the time of one file
 * after another, and cold.c is compiled meanwhile. So a name that is static in one of these files
 * must not be in another one.
 */
#include "bins.c"
#include "block.c"
#include "block_list.c"
#include "break.c"
#include "coalesce.c"
#include "depot.c"
#include "free_blocks.c"
#include "free_list.c"
#include "growth.c"
#include "heap.c"
#include "lock.c"
#include "osmem.c"
#include "pairing.c"
#include "requests.c"
#include "resize.c"
#include "size_tree.c"
#include "thread_cache.c"
#include "totals.c"
