/* SPDX-License-Identifier: MIT */
/* malloc.c - what libosmem-preload.so has beside hot.c and cold.c, as one unit. */
#include "callers.c"
#include "information.c"
#include "preload.c"
