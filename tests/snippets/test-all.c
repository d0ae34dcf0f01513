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

int main(void)
{
    void *blocks[24];
    void *more[12];

    /* A checkered heap, whose gaps are filled again. */
    fill(blocks, LENGTH(blocks), 40);
    free_every(blocks, LENGTH(blocks), 1, 2);
    fill(more, LENGTH(more), 60);

    /* Every block that is left shrinks or grows, in place or not. */
    for (size_t i = 0; i < LENGTH(blocks); i += 2)
        blocks[i] = checked_realloc(blocks[i], i % 4 == 0 ? 1 + i * 20 : 1 + i * 80);

    /* Mappings come and go between them; some have a place in the heap in between. */
    void *large = checked_malloc(MMAP_THRESHOLD);
    void *pages = checked_calloc(3, SIZE_PAGE);

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

    /* Failures change nothing. */
    CHECK_NULL(os_malloc(0));
    CHECK_ENOMEM(os_calloc(SIZE_MAX / 8 + 2, 8));
    CHECK_ENOMEM(os_realloc(wide, SIZE_MAX));

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
}
