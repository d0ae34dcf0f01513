/* SPDX-License-Identifier: MIT */
/*
 * attacks.c - misuses a block of a size as programs do that are attacked.
 *
 *     attacks NAME SIZE [threads | calloc | realloc | aligned_alloc]
 *     attacks
 *
 * Uses malloc() and its family; the second form prints all names. The kinds are those of the test
 * suites of hardened_malloc and mimalloc-bench, and some more. Prints "reached" if the program got
 * to its end, with the memory as the attacker wants it. For `overlap_after_double_free`, SIZE is a
 * number of calls. With `threads`, another thread runs meanwhile; with another word, the blocks
 * come from that function.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NEIGHBOURS 4
#define DELAY      32

static size_t size;
static const char *function = "malloc"; /* that blocks come from */
static char *block;
static char *neighbours[NEIGHBOURS]; /* two before it, two behind it */

static volatile size_t none; /* 0, as the compiler can't foresee */
static char *volatile address = (char *)1;

static char *take(size_t bytes)
{
    if (strcmp(function, "calloc") == 0)
        return calloc(1, bytes);
    if (strcmp(function, "realloc") == 0)
        return realloc(malloc(1), bytes);
    if (strcmp(function, "aligned_alloc") == 0)
        return aligned_alloc(64, bytes);
    return malloc(bytes);
}

/* Writes as the compiler can't foresee, or remove. */
static void write_at(char *start, ptrdiff_t offset, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *(volatile char *)(start + offset + (ptrdiff_t)i) ^= (char)0x55;
}

static void free_all(void)
{
    free(block);
    for (int i = 0; i < NEIGHBOURS; i++)
        free(neighbours[i]);
}

static void allocate_and_free(int times)
{
    for (int i = 0; i < times; i++) {
        char *other = malloc(size);

        *(volatile char *)other = 1;
        free(other);
    }
}

/* ---- Out of bounds -------------------------------------------------------------------------- */

static void overflow(size_t count)
{
    write_at(block, (ptrdiff_t)size, count);
    free_all();
}

static void overflow_by_1(void)
{
    overflow(1);
}

static void overflow_by_8(void)
{
    overflow(8);
}

static void overflow_by_64(void)
{
    overflow(64);
}

/* A string of the size of the block ends behind it. */
static void overflow_by_the_end_of_a_string(void)
{
    *(volatile char *)(block + size) = 0;
    free_all();
}

static void underflow(ptrdiff_t count)
{
    write_at(block, -count, (size_t)count);
    free_all();
}

static void underflow_by_1(void)
{
    underflow(1);
}

static void underflow_by_8(void)
{
    underflow(8);
}

static void underflow_by_64(void)
{
    underflow(64);
}

/* ---- After free ----------------------------------------------------------------------------- */

static void write_after_free(void)
{
    free(block);
    write_at(block, 0, 8);
    allocate_and_free(DELAY);
}

static void write_after_free_in_the_middle(void)
{
    free(block);
    write_at(block, (ptrdiff_t)size / 2, 1);
    allocate_and_free(DELAY);
}

static void write_after_reuse(void)
{
    free(block);

    char *other = malloc(size);

    if (other != block) {
        write_at(block, 0, 8);
        free(other);
        return;
    }
    write_at(block, 0, 8); /* the new owner's memory */
}

/* Reaches its end if the secret is still there. */
static void read_after_free(void)
{
    memset(block, 'S', size);
    free(block);
    if (block[0] != 'S' && block[size / 2] != 'S')
        abort();
}

/* Reaches its end if a new block holds a secret of the last owner. */
static void read_before_write(void)
{
    memset(block, 'S', size);
    free(block);

    char *other = malloc(size);

    if (other[size / 2] != 'S')
        abort();
}

static void resize_after_free(void)
{
    free(block);
    free(realloc(block, 2 * size));
}

/* ---- Freed twice ---------------------------------------------------------------------------- */

static void double_free(void)
{
    free(block);
    free(block);
}

static void double_free_with_another_between(void)
{
    free(block);
    free(neighbours[0]);
    free(block);
}

static void double_free_after_merging(void)
{
    free(neighbours[1]);
    free(neighbours[2]);
    free(block);
    free(block);
}

static void double_free_after_a_while(void)
{
    free(block);
    allocate_and_free(DELAY);
    free(block);
}

/* Reaches its end if two owners got the same memory. */
static void double_free_after_reuse(void)
{
    free(block);

    char *first = malloc(size);

    free(block);

    char *second = malloc(size);

    if (first != second)
        abort();
}

/* Frees a block again after so many calls that allocate or free. Reaches its end if two blocks that
 * are live after it overlap. */
static void overlap_after_double_free(void)
{
    enum { BLOCKS = 1000, SMALL = 100 };
    static char *blocks[BLOCKS];
    size_t calls = size;

    block = malloc(SMALL);
    free(block);
    for (size_t i = 0; i < calls; i++) {
        blocks[i] = malloc(SMALL);
        if (i % 3 == 2) {
            free(blocks[i - 1]);
            blocks[i - 1] = NULL;
        }
    }
    free(block);
    for (size_t i = calls; i < BLOCKS; i++)
        blocks[i] = malloc(SMALL);
    for (size_t i = 0; i < BLOCKS; i++)
        for (size_t j = 0; j < i && blocks[i] != NULL; j++)
            if (blocks[j] != NULL && labs(blocks[i] - blocks[j]) < SMALL)
                return;
    abort();
}

/* ---- Other pointers ------------------------------------------------------------------------- */

static void free_in_the_middle(void)
{
    free(block + size / 2 / 16 * 16 + (size < 32 ? 8 : 0));
}

static void free_unaligned(void)
{
    free(block + 1);
}

static void free_of_the_end(void)
{
    free(block + (size + 15) / 16 * 16);
}

static void resize_in_the_middle(void)
{
    free(realloc(block + 8, 2 * size));
}

static void free_of_the_stack(void)
{
    volatile uint64_t words[20];

    for (int i = 0; i < 20; i++)
        words[i] = 0x21;
    free((char *)words + 64);
}

static void free_of_an_address(void)
{
    free(address);
}

static void resize_of_an_address(void)
{
    free(realloc(address, size));
}

static void free_far_behind(void)
{
    free(block + 64 * 1024 + size);
}

static void free_in_pages(int protection)
{
    char *pages = mmap(NULL, size + (1 << 16), protection,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    free(pages + (1 << 15));
}

static void free_of_other_pages(void)
{
    free_in_pages(PROT_READ | PROT_WRITE);
}

static void free_of_protected_pages(void)
{
    free_in_pages(PROT_NONE);
}

/* ---- Sizes ---------------------------------------------------------------------------------- */

/* C++'s operator delete with a size; the C library has none. */
extern void delete_sized(void *ptr, size_t size) __asm__("_ZdlPvm") __attribute__((weak));

static void delete_as_another_type(void)
{
    if (delete_sized == NULL)
        free(block);
    else
        delete_sized(block, size / 2);
}

/* Reaches its end if the answer is a size. */
static void use_size_of(char *pointer)
{
    if (malloc_usable_size(pointer) == 0)
        abort();
}

static void size_after_free(void)
{
    free(block);
    use_size_of(block);
}

static void size_in_the_middle(void)
{
    use_size_of(block + 8);
}

static void size_of_an_address(void)
{
    use_size_of(address);
}

static void write_to_nothing(void)
{
    char *nothing = take(none);

    write_at(nothing, 0, 1);
    free(nothing);
}

/* Reaches its end if there is a byte to read. */
static void read_of_nothing(void)
{
    char *nothing = take(none);

    size += (size_t)nothing[none];
    free(nothing);
}

/* ---- Forged blocks -------------------------------------------------------------------------- */

/* A header as a program can forge it that knows all but the secret. */
static void free_of_a_forged_block(void)
{
    struct {
        size_t size;
        int status;
        uint32_t seal;
        char *previous, *next;
    } header;
    uint64_t mixed = UINT64_C(32) * UINT64_C(0x9E3779B97F4A7C15);
    char *forged = malloc(256);

    header.size = 32;
    header.status = 1;
    header.seal = (uint32_t)(mixed >> 32) ^ (uint32_t)((uintptr_t)forged >> 3) ^ 1;
    header.previous = forged - sizeof(header);
    header.next = forged + sizeof(header) + 32;
    memcpy(forged, &header, sizeof(header));
    free(forged + sizeof(header));
}

#define ATTACK(name)                                                                               \
    {                                                                                              \
#name, name                                                                                \
    }

static const struct {
    const char *name;
    void (*make)(void);
} attacks[] = {
    ATTACK(overflow_by_1),
    ATTACK(overflow_by_8),
    ATTACK(overflow_by_64),
    ATTACK(overflow_by_the_end_of_a_string),
    ATTACK(underflow_by_1),
    ATTACK(underflow_by_8),
    ATTACK(underflow_by_64),
    ATTACK(write_after_free),
    ATTACK(write_after_free_in_the_middle),
    ATTACK(write_after_reuse),
    ATTACK(read_after_free),
    ATTACK(read_before_write),
    ATTACK(resize_after_free),
    ATTACK(double_free),
    ATTACK(double_free_with_another_between),
    ATTACK(double_free_after_merging),
    ATTACK(double_free_after_a_while),
    ATTACK(double_free_after_reuse),
    ATTACK(overlap_after_double_free),
    ATTACK(free_in_the_middle),
    ATTACK(free_unaligned),
    ATTACK(free_of_the_end),
    ATTACK(resize_in_the_middle),
    ATTACK(free_of_the_stack),
    ATTACK(free_of_an_address),
    ATTACK(resize_of_an_address),
    ATTACK(free_far_behind),
    ATTACK(free_of_other_pages),
    ATTACK(free_of_protected_pages),
    ATTACK(delete_as_another_type),
    ATTACK(size_after_free),
    ATTACK(size_in_the_middle),
    ATTACK(size_of_an_address),
    ATTACK(write_to_nothing),
    ATTACK(read_of_nothing),
    ATTACK(free_of_a_forged_block),
};

static void *wait_forever(void *unused)
{
    pause();
    return unused;
}

static char *allocate(void)
{
    char *new = take(size);

    memset(new, 'a', size);
    return new;
}

static int print_names(void)
{
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
        puts(attacks[i].name);
    return 0;
}

int main(int argc, char **argv)
{
    pthread_t thread;

    if (argc == 1)
        return print_names();
    if (argc < 3 || (size = strtoul(argv[2], NULL, 10)) == 0)
        return 2;
    if (argc == 4)
        function = argv[3];
    if (strcmp(function, "threads") == 0 && pthread_create(&thread, NULL, wait_forever, NULL) != 0)
        return 2;
    neighbours[0] = allocate();
    neighbours[1] = allocate();
    block = allocate();
    neighbours[2] = allocate();
    neighbours[3] = allocate();
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
        if (strcmp(attacks[i].name, argv[1]) == 0) {
            attacks[i].make();
            puts("reached");
            return 0;
        }
    return 2;
}
