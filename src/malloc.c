/* SPDX-License-Identifier: MIT */
/* malloc.c - what libosmem-preload.so has beside common.c, as one unit. */
#include "callers.c"
#include "information.c"
#include "preload.c"
