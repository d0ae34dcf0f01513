/* SPDX-License-Identifier: MIT */
/*
 * misuse.c - makes one memory error: misuse NAME.
 *
 * Prints the address that the error concerns, and "survived" if it was not stopped.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block_meta.h"
#include "osmem.h"

static char *a, *b, *c; /* three adjacent blocks */

static void print_address(const void *address)
{
    dprintf(STDOUT_FILENO, "%p\n", address);
}

static void free_twice(void)
{
    print_address(b);
    os_free(b);
    os_free(b);
}

static void free_twice_and_merged(void)
{
    print_address(b);
    os_free(a);
    os_free(b);
    os_free(b);
}

static void realloc_freed(void)
{
    print_address(b);
    os_free(b);
    os_realloc(b, 50);
}

static void free_twice_large(void)
{
    char *large = os_malloc(1000000);

    print_address(large);
    os_free(large);
    os_free(large);
}

static void free_inside(void)
{
    print_address(b + 48);
    os_free(b + 48);
}

static void realloc_inside(void)
{
    print_address(b + 48);
    os_realloc(b + 48, 10);
}

static void free_foreign(void)
{
    static _Alignas(16) char foreign[200];

    print_address(foreign + 96);
    os_free(foreign + 96);
}

static void free_of_stack(void)
{
    _Alignas(16) volatile char foreign[200];

    memset((char *)foreign, 1, sizeof(foreign));
    print_address((char *)foreign + 96);
    os_free((char *)foreign + 96);
}

static void overflow_into_live(void)
{
    print_address(b);
    memset(a, 'x', 100 + 16);
    os_free(b);
}

static void overflow_by_one_word(void)
{
    print_address(b);
    memset(a, 'x', 104 + 8);
    os_free(b);
}

static void overflow_found_by_its_own_free(void)
{
    print_address(a);
    memset(a, 'x', 104 + 32);
    os_free(a);
}

static void overflow_into_free(void)
{
    print_address(b);
    os_free(b);
    memset(a, 'x', 104 + 48);
    os_free(a);
}

static void write_after_free(void)
{
    print_address(b);
    os_free(b);
    os_free(os_malloc(200));
    memset(b, 'x', 8);
    os_malloc(100);
}

static void write_after_free_large(void)
{
    char *large = os_malloc(20000);

    os_malloc(8);
    print_address(large);
    os_free(large);
    os_free(os_malloc(30000));
    memset(large, 'x', 8);
    for (int i = 0; i < 100; i++)
        os_free(os_malloc(10000 + 200 * (size_t)i));
}

/* Makes the size negative if it is read as a signed number. */
static void damage_to_the_upper_half_of_a_size(void)
{
    print_address(a);
    ((struct block_meta *)a - 1)->size |= UINT64_C(0xfffffff8) << 32;
    os_realloc(a, 60);
}

/* The program is led to write a header with a hash of all that it can know. */
static void forged_header(void)
{
    struct block_meta *fake = (struct block_meta *)a;
    uint64_t mixed = UINT64_C(33) * UINT64_C(0x9E3779B97F4A7C15);
    uint32_t seal = (uint32_t)(mixed >> 32) ^ (uint32_t)((uintptr_t)fake >> 3) ^ STATUS_ALLOC;

    *fake = (struct block_meta){32, STATUS_ALLOC, (struct block_meta *)a - 1,
                                (struct block_meta *)b - 1};
    memcpy((char *)fake + sizeof(size_t) + sizeof(int), &seal, sizeof(seal));
    print_address(fake + 1);
    os_free(fake + 1);
}

static void damage_to_the_status(void)
{
    print_address(a);
    ((struct block_meta *)a - 1)->status = STATUS_MAPPED;
    os_free(a);
}

static void handle(int number)
{
    char *block = os_malloc(3000); /* not served by the overwritten block */

    (void)number;
    os_free(block);
    dprintf(STDOUT_FILENO, "handled\n");
}

static void *wait_forever(void *unused)
{
    pause();
    return unused;
}

/* The handler allocates, although the lock is held where the error is detected. */
static void overflow_noticed_among_threads(void)
{
    pthread_t thread;

    DIE(pthread_create(&thread, NULL, wait_forever, NULL) != 0, "pthread_create");
    signal(SIGABRT, handle);
    print_address(b);
    os_free(b);
    os_free(os_malloc(200));
    memset(b, 'x', 8);
    os_malloc(100);
}

static bool interrupts_growth;

/* The library calls this one, while it holds its lock. */
void *sbrk(intptr_t increment)
{
    void *(*real_sbrk)(intptr_t increment);

    if (interrupts_growth)
        raise(SIGUSR1);
    *(void **)&real_sbrk = dlsym(RTLD_NEXT, "sbrk");
    return real_sbrk(increment);
}

static char *bad_pointer;

static void free_bad_pointer(int number)
{
    (void)number;
    os_free(bad_pointer);
}

static void free_in_a_signal_handler(char *pointer)
{
    pthread_t thread;

    DIE(pthread_create(&thread, NULL, wait_forever, NULL) != 0, "pthread_create");
    signal(SIGUSR1, free_bad_pointer);
    bad_pointer = pointer;
    print_address(pointer);
    interrupts_growth = true;
    for (int i = 0; i < 2; i++)
        os_malloc(130000);
}

static void free_inside_in_a_signal_handler(void)
{
    free_in_a_signal_handler(b + 48);
}

static void free_foreign_in_a_signal_handler(void)
{
    static _Alignas(16) char foreign[200];

    memset(foreign, 1, sizeof(foreign));
    free_in_a_signal_handler(foreign + 96);
}

static void overflow_unnoticed_until_the_end(void)
{
    print_address(b);
    memset(a, 'x', 104 + 8);
}

static void none(void)
{
    print_address(b);
    os_free(b);
    os_free(os_realloc(a, 5000));
    os_free(os_malloc(200000));
}

#define MISTAKE(name)                                                                              \
    {                                                                                              \
#name, name                                                                                \
    }

static const struct {
    const char *name;
    void (*make)(void);
} mistakes[] = {
    MISTAKE(free_twice),
    MISTAKE(free_twice_and_merged),
    MISTAKE(realloc_freed),
    MISTAKE(free_twice_large),
    MISTAKE(free_inside),
    MISTAKE(realloc_inside),
    MISTAKE(free_foreign),
    MISTAKE(free_of_stack),
    MISTAKE(overflow_into_live),
    MISTAKE(overflow_by_one_word),
    MISTAKE(overflow_found_by_its_own_free),
    MISTAKE(overflow_into_free),
    MISTAKE(write_after_free),
    MISTAKE(write_after_free_large),
    MISTAKE(damage_to_the_upper_half_of_a_size),
    MISTAKE(damage_to_the_status),
    MISTAKE(forged_header),
    MISTAKE(overflow_noticed_among_threads),
    MISTAKE(free_inside_in_a_signal_handler),
    MISTAKE(free_foreign_in_a_signal_handler),
    MISTAKE(overflow_unnoticed_until_the_end),
    MISTAKE(none),
};

int main(int argc, char **argv)
{
    a = os_malloc(100);
    b = os_malloc(100);
    c = os_malloc(100);
    memset(a, 1, 100);
    memset(b, 1, 100);
    memset(c, 1, 100);
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]) && argc == 2; i++)
        if (strcmp(mistakes[i].name, argv[1]) == 0) {
            mistakes[i].make();
            dprintf(STDOUT_FILENO, "survived\n");
            return 0;
        }
    return 2;
}
