/* SPDX-License-Identifier: MIT */
/* contents.h - what lies in blocks, by their numbers, and whether it is still there. */
#ifndef CONTENTS_H
#define CONTENTS_H

#include <stddef.h>
#include <stdint.h>

void fill(size_t number, unsigned char *start, size_t size);

/* Returns how many bytes it has looked at. */
size_t check_untouched(size_t number, const unsigned char *start, size_t size);

/* Changes a block that os_realloc() is about to be given, so that it has to copy. */
void scramble(unsigned char *start, size_t size);
uint64_t digest_of(const unsigned char *start, size_t size);

/* Checks what os_realloc() had to keep, by the digest in the statement of the call. */
void check_kept(size_t number, const unsigned char *start, size_t size);
void check_cleared(const unsigned char *start, size_t size);

#endif
