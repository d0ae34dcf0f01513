/* SPDX-License-Identifier: MIT */
/* list.c - the list of the heap's blocks. */
#include "plain.h"

static struct block_meta *head;
static struct block_meta *tail;

/* ---- A block -------------------------------------------------------------------------------- */

struct block_meta *block_of(void *ptr)
{
    return (struct block_meta *)((char *)ptr - header_size());
}

void *payload_of(struct block_meta *block)
{
    return (char *)block + header_size();
}

struct block_meta *end_of(struct block_meta *block)
{
    return (struct block_meta *)((char *)payload_of(block) + block->size);
}

struct block_meta *begin_header(void *start)
{
    struct block_meta *block = start;

#if HEADER_MAGIC
    block->magic = HEADER_MAGIC;
#endif
    return block;
}

bool is_free(struct block_meta *block)
{
    return block != NULL && block->status == STATUS_FREE;
}

/* The age lies in the header, where nothing else does. */
static unsigned int *age_of(struct block_meta *block)
{
    return (unsigned int *)((char *)block + offsetof(struct block_meta, status)) + 1;
}

void set_free(struct block_meta *block)
{
    static unsigned int count;

    block->status = STATUS_FREE;
    *age_of(block) = ++count;
}

bool is_freed_later(struct block_meta *block, struct block_meta *other)
{
    return *age_of(block) > *age_of(other);
}

void take_age(struct block_meta *block, struct block_meta *other)
{
    *age_of(block) = *age_of(other);
}

/* ---- Looking -------------------------------------------------------------------------------- */

/* A header of 24 bytes has no prev: next is in its place. */
static struct block_meta **link_of(struct block_meta *block)
{
    return mistake(header_24_bytes) ? &block->prev : &block->next;
}

struct block_meta *next_of(struct block_meta *block)
{
    return *link_of(block);
}

struct block_meta *first_block(void)
{
    return head;
}

struct block_meta *last_block(void)
{
    return tail;
}

struct block_meta *block_before(struct block_meta *block)
{
    struct block_meta *before = NULL;

    for (struct block_meta *at = head; at != NULL && at != block; at = next_of(at))
        before = at;
    return before;
}

bool is_listed(struct block_meta *block)
{
    struct block_meta *at = head;

    while (at != NULL && at != block)
        at = next_of(at);
    return at != NULL;
}

/* ---- Changing ------------------------------------------------------------------------------- */

/* Before the first block, and after the last, there is NULL. */
static void join(struct block_meta *block, struct block_meta *next)
{
    if (block == NULL)
        head = next;
    else
        *link_of(block) = next;
    if (next != NULL && !mistake(header_24_bytes))
        next->prev = block;
}

void put_first(struct block_meta *block)
{
    if (tail == NULL)
        tail = block;
    join(block, head);
    join(NULL, block);
}

void put_last(struct block_meta *block)
{
    join(tail, block);
    join(block, NULL);
    tail = block;
}

void put_after(struct block_meta *block, struct block_meta *added)
{
    join(added, mistake(split_cuts_list) ? NULL : next_of(block));
    join(block, added);
    if (next_of(added) == NULL && !mistake(split_leaves_tail_behind))
        tail = added;
}

void take_out(struct block_meta *block)
{
    struct block_meta *before = block_before(block);

    join(before, next_of(block));
    if (tail == block && !mistake(unmapped_tail_dangles))
        tail = before;
}

void take_out_next(struct block_meta *block)
{
    struct block_meta *next = next_of(block);

    join(block, next_of(next));
    if (tail == next)
        tail = block;
}

void forget_all_but(struct block_meta *block)
{
    head = NULL;
    tail = NULL;
    put_last(block);
}

void take_for_last(struct block_meta *block)
{
    tail = block;
}
