/* SPDX-License-Identifier: MIT */
/*
 * A longer life, in which all functions share one heap: what each of them leaves behind is what
 * the others find. Catches what goes wrong only after many steps: a list whose links or sizes have
 * become wrong, blocks that overlap in the end, memory that is not found again.
 */
#include "snippet.h"

/* Blocks of many sizes, from all three functions. */
static void fill(void *blocks[], size_t length, size_t step)
{
    for (size_t i = 0; i < length; i++) {
        size_t size = 1 + i * step;

        if (i % 3 == 0)
            blocks[i] = checked_malloc(size);
        else if (i % 3 == 1)
            blocks[i] = checked_calloc(1, size);
        else
            blocks[i] = checked_realloc(NULL, size);
    }
}

static void free_every(void *blocks[], size_t length, size_t start, size_t step)
{
    for (size_t i = start; i < length; i += step)
        checked_free(blocks[i]);
}

/* The heap grows where nothing fits, whichever of its blocks is free, and whoever asks. */
static void grow(void)
{
    void *small = checked_malloc(1);

    checked_free(small);

    void *mapped = checked_malloc(2 * MMAP_THRESHOLD);

    small = checked_malloc(1);

    void *rest = checked_malloc(PAYLOAD(FIRST_OF_MALLOC - TOTAL(1)));

    /* A block moves to the end: past a free block that is too small, into the last one. */
    void *first = checked_malloc(104);
    void *behind = checked_malloc(104);
    void *guard = checked_malloc(8);
    void *last = checked_malloc(504);

    checked_free(behind);
    checked_free(last);
    first = checked_realloc(first, 1000);

    /* It is as large as it was extended to, and the one before the last is not the last. */
    checked_free(first);
    first = checked_malloc(1000);
    behind = checked_malloc(504);
    last = checked_malloc(104);
    checked_free(behind);
    guard = checked_realloc(guard, 2000);

    /* A mapping moves there, too. */
    checked_free(guard);
    mapped = checked_realloc(mapped, 3000);

    /* One block before the end is free, and that is not the end. */
    void *moving = checked_malloc(LARGE(10000));
    void *in_use = checked_malloc(LARGE(10000));
    void *free_before_last = checked_malloc(LARGE(30000));
    void *new_last = checked_malloc(LARGE(20000));

    checked_free(free_before_last);
    moving = checked_realloc(moving, LARGE(40000));

    checked_free(moving);
    checked_free(in_use);
    checked_free(new_last);
    checked_free(last);
    checked_free(first);
    checked_free(mapped);
    checked_free(rest);
    checked_free(small);
}

/* Blocks of the heap may be larger than any request for one. */
static void outgrow_threshold(void)
{
    const size_t largest = PAYLOAD(MMAP_THRESHOLD) - ALIGNMENT;
    void *first = checked_malloc(largest);
    void *second = checked_malloc(largest - 32);
    void *next = checked_malloc(24);
    void *guard = checked_malloc(8);

    checked_free(first);
    checked_free(second);
    checked_free(next);

    void *small = checked_malloc(1);

    checked_free(small);
    first = checked_malloc(largest);
    second = checked_malloc(largest);
    second = checked_realloc(second, 104);

    checked_free(first);
    checked_free(second);
    checked_free(guard);
}

/* A rest without payload would be no block: it joins no other, and is not the heap's last one. */
static void keep_small_rests(void)
{
    void *block = checked_malloc(48);
    void *next = checked_malloc(8);
    void *guard = checked_malloc(8);

    checked_free(block);
    block = checked_malloc(16);
    checked_free(next);
    next = checked_malloc(40);

    checked_free(next);
    checked_free(block);
    checked_free(guard);
}

int main(void)
{
    void *blocks[24];
    void *more[12];

    grow();

    /* A checkered heap, whose gaps are filled again. */
    fill(blocks, LENGTH(blocks), 40);
    free_every(blocks, LENGTH(blocks), 1, 2);
    fill(more, LENGTH(more), 60);

    /* Every block that is left shrinks or grows, in place or not. */
    for (size_t i = 0; i < LENGTH(blocks); i += 2)
        blocks[i] = checked_realloc(blocks[i], i % 4 == 0 ? 1 + i * 20 : 1 + i * 80);

    /* Mappings come and go between them; some have a place in the heap in between. */
    void *large = checked_malloc(MMAP_THRESHOLD);
    void *pages = checked_calloc(3, CALLOC_THRESHOLD);

    large = checked_realloc(large, 3 * SIZE_PAGE);
    pages = checked_realloc(pages, MMAP_THRESHOLD);
    large = checked_realloc(large, 2 * MMAP_THRESHOLD);
    pages = checked_realloc(pages, 3 * SIZE_PAGE);

    /* Half of it is freed, from both ends. */
    free_every(more, LENGTH(more), 0, 2);
    free_every(blocks, LENGTH(blocks), 2, 4);

    void *wide = checked_calloc(40, 100);
    void *narrow = checked_malloc(3);

    wide = checked_realloc(wide, 6000);
    narrow = checked_realloc(narrow, 300);

    CHECK_NULL(os_malloc(0));

    checked_free(large);
    checked_free(narrow);
    free_every(blocks, LENGTH(blocks), 0, 4);
    checked_realloc(wide, 0);
    free_every(more, LENGTH(more), 1, 2);
    checked_free(pages);
    os_free(NULL);

    /* All is one block again, as large as the heap has become. */
    void *half = checked_malloc(MMAP_THRESHOLD / 2);
    void *half_more = checked_malloc(MMAP_THRESHOLD / 2);

    half = checked_realloc(half, 1000);
    checked_free(half_more);
    half = checked_realloc(half, MMAP_THRESHOLD - SIZE_PAGE);
    checked_free(half);

    outgrow_threshold();
    keep_small_rests();
    return 0;
}
