/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "policy.h"

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
