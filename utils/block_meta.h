/* SPDX-License-Identifier: MIT */
/*
 * block_meta.h - the layout of a block, in the heap or in a mapping.
 *
 * A block is a header followed by its payload. os_malloc() and its family return pointers to the
 * payload. Offsets are those of x86-64, where the header takes 32 bytes:
 *
 *        0        8        16       24       32                      32 + size
 *        +--------+----+---+--------+--------+------------------------+
 *   ...  |  size  |stat|   |  prev  |  next  |  payload (size bytes)  |  next block ...
 *        +--------+----+---+--------+--------+------------------------+
 *        ^                                   ^
 *        struct block_meta *                 the pointer the program holds
 *
 * prev and next link the blocks of the heap in address order. A mapping holds a single block, whose
 * links are both NULL.
 */
#ifndef BLOCK_META_H
#define BLOCK_META_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Some courses want headers that begin with a magic number. Where it is not 0, a header has a word
 * more in front of `size`, and takes a multiple of the alignment: 40, 48 or 64 bytes. */
#ifndef HEADER_MAGIC
#define HEADER_MAGIC     0
#define HEADER_ALIGNMENT 8
#endif

struct block_meta {
#if HEADER_MAGIC
    size_t magic __attribute__((aligned(HEADER_ALIGNMENT))); /* HEADER_MAGIC */
#endif
    size_t size; /* payload in bytes, always a multiple of the alignment */
    int status;  /* one of STATUS_* */
    struct block_meta *prev;
    struct block_meta *next;
};

#define STATUS_FREE   0 /* in the heap, available */
#define STATUS_ALLOC  1 /* in the heap, held by the program */
#define STATUS_MAPPED 2 /* a mapping of its own, held by the program */

/*
 * Ends the program if `assertion`, the condition of a failure, holds: prints the file, the line,
 * `call_description` and the meaning of errno, and exits with status 1.
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
