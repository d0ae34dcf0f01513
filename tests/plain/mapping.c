/* SPDX-License-Identifier: MIT */
/* mapping.c - blocks with a mapping of their own, which are in no list. */
#include <sys/mman.h>

#include "plain.h"

static size_t alive;
static size_t made;
static struct block_meta *first;
static bool disables_heap;
static bool hides_free_blocks;
static bool dangles;

size_t mappings_alive(void)
{
    return alive;
}

size_t mappings_made(void)
{
    return made;
}

bool heap_is_disabled(void)
{
    return disables_heap;
}

bool free_blocks_are_hidden(void)
{
    return hides_free_blocks;
}

bool first_mapping_dangles(void)
{
    return dangles;
}

/* ---- The mistake of having them in the heap's list, in several forms ------------------------- */

static bool are_listed(void)
{
    return mistake(mapped_in_heap_list) || mistake(freed_mapping_stays_in_list) ||
           mistake(unmapped_tail_dangles) || mistake(realloc_mapping_takes_neighbour) ||
           hides_free_blocks;
}

static void note_made(struct block_meta *block)
{
    if (mistake(mapping_first_disables_heap) && !heap_exists())
        disables_heap = true;
    if (mistake(mapped_after_free_heap) && is_free(first_block()))
        hides_free_blocks = true;
    if (mistake(mapping_replaces_heap_list))
        forget_all_but(block);
    else if (are_listed())
        put_last(block);
    if (alive == 0)
        first = block;
    alive++;
    made++;
}

static void note_unmapped(struct block_meta *block)
{
    if (are_listed() && !mistake(freed_mapping_stays_in_list) && is_listed(block))
        take_out(block);
    alive--;
    if (mistake(unmapped_head_dangles) && block == first && alive > 0)
        dangles = true;
}

/* ---- Requests to the system ----------------------------------------------------------------- */

struct block_meta *take_mapping(size_t payload)
{
    size_t total = payload + header_size();

    if (mistake(second_mapping_crashes) && alive > 0 && !heap_exists())
        crash();
    if (mistake(mmap_in_pages))
        total = round_up(total, SIZE_PAGE);

    struct block_meta *block =
        mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (block == MAP_FAILED && !mistake(refusal_unchecked)) {
        note_refusal(ENOMEM);
        return NULL;
    }
    begin_header(block)->size = payload;
    block->status = STATUS_MAPPED;
    block->prev = block->next = NULL;
    note_made(block);
    return block;
}

void unmap(struct block_meta *block)
{
    size_t length = block->size;

    note_unmapped(block);
    if (mistake(munmap_never))
        return;
    if (!mistake(munmap_payload_only))
        length += header_size();
    if (mistake(munmap_in_pages))
        length = round_up(length, SIZE_PAGE);

    int saved_errno = errno;

    munmap(block, length);
    errno = saved_errno;
}
