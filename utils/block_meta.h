/* SPDX-License-Identifier: MIT */
/*
 * block_meta.h - a block of memory as it lies in the heap or in a mapping.
 *
 * Every block is a header followed by its payload; pointers handed out by os_malloc() and its
 * family point at the payload. Offsets are those of x86-64, where the header takes 32 bytes:
 *
 *        0        8        16       24       32                      32 + size
 *        +--------+----+---+--------+--------+------------------------+
 *   ...  |  size  |stat|   |  prev  |  next  |  payload (size bytes)  |  next block ...
 *        +--------+----+---+--------+--------+------------------------+
 *        ^                                   ^
 *        struct block_meta *                 the pointer the program holds
 *
 * prev and next link the blocks of the heap in the order of their addresses. A mapping is a block
 * on its own: both its links are NULL.
 */
#ifndef BLOCK_META_H
#define BLOCK_META_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct block_meta {
    size_t size; /* payload in bytes, always a multiple of the alignment (8) */
    int status;  /* one of STATUS_* */
    struct block_meta *prev;
    struct block_meta *next;
};

#define STATUS_FREE   0 /* in the heap, may be handed out */
#define STATUS_ALLOC  1 /* in the heap, held by the program */
#define STATUS_MAPPED 2 /* a mapping of its own, held by the program */

/*
 * Ends the program with a message if `assertion` (the condition of failure) holds: prints the
 * file, the line, `call_description` and what errno says, and exits with status 1.
 */
#define DIE(assertion, call_description)                                                           \
    do {                                                                                           \
        if (assertion) {                                                                           \
            fprintf(stderr, "(%s, %d): ", __FILE__, __LINE__);                                     \
            perror(call_description);                                                              \
            exit(EXIT_FAILURE);                                                                    \
        }                                                                                          \
    } while (0)

#endif
