/* SPDX-License-Identifier: MIT */
/*
 * standard.c - what sets libosmem.so apart from libosmem-preload.so.
 */
#include <stdint.h>

#include "policy.h"
#include "report.h"

/* The defaults of libosmem.so, as in the specification. */
const struct policy policy_standard = {
    .mmap_threshold = MMAP_THRESHOLD,
    .calloc_threshold = SIZE_PAGE,
    .prealloc_malloc = MMAP_THRESHOLD,
    .prealloc_calloc = SIZE_PAGE,
    .alignment = ALIGNMENT,
    .smallest_rest = ALIGNMENT,
    .max_mappings = SIZE_MAX,
};

/* Its reports have one line. */
void report_callers(void)
{
}
