/* SPDX-License-Identifier: MIT */
/*
 * player.c - plays a program of calls, so that programs made up elsewhere can be traced and have
 * their memory checked as the tests do.
 *
 * The program comes on standard input, one operation a line; numbers are decimal.
 *
 *     m SLOT SIZE          slot = os_malloc(size)
 *     c SLOT NMEMB SIZE    slot = os_calloc(nmemb, size)
 *     u SLOT NMEMB SIZE    the same, but whether the block is cleared is not checked
 *     r SLOT SIZE          slot = os_realloc(slot, size)
 *     f SLOT               os_free(slot)
 *     s, j, e              set_up(), judged_part(), clean_up(): the phases of a test
 *     sc, sr               set_up_after() a first request by os_calloc() or os_realloc()
 *
 * There are 256 slots, empty at first; a block is leaked if its slot is used for another one. A
 * request for 0 bytes has to return NULL. A program that is not like this ends with status 2 where
 * the mistake is.
 */
#include <stdbool.h>
#include <unistd.h>

#include "printf.h"
#include "snippet.h"

#define MALFORMED 2

static char program[64 * 1024 + 1]; /* one byte more than is allowed */
static const char *at = program;
static void *slots[256];

static _Noreturn void reject(size_t line, const char *expected)
{
    dprintf_(STDERR_FILENO, "player: line %zu: expected %s\n", line, expected);
    _exit(MALFORMED);
}

/* Reads all of standard input, and ends it with a 0. */
static void read_program(void)
{
    size_t length = 0;
    ssize_t count;

    while ((count = read(STDIN_FILENO, program + length, sizeof(program) - length)) > 0)
        length += (size_t)count;
    if (count < 0 || length == sizeof(program))
        reject(1, "a program of at most 64 KiB");
    program[length] = '\0';
}

static bool read_number(size_t *number)
{
    if (*at++ != ' ' || *at < '0' || *at > '9')
        return false;
    for (*number = 0; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, (size_t)(*at - '0'), number))
            return false;
    return true;
}

/* Reads the `count` numbers of an operation, up to the end of its line. */
static bool read_numbers(size_t numbers[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!read_number(&numbers[i]))
            return false;
    return *at++ == '\n' && numbers[0] < LENGTH(slots);
}

static void *request(size_t size)
{
    if (size > 0)
        return checked_malloc(size);
    CHECK_NULL(os_malloc(0));
    return NULL;
}

static void *request_array(size_t nmemb, size_t size, bool cleared)
{
    if (nmemb > 0 && size > 0)
        return cleared ? checked_calloc(nmemb, size) : uncleared_calloc(nmemb, size);
    CHECK_NULL(os_calloc(nmemb, size));
    return NULL;
}

/* Begins the set-up, after a first request if one is named here. */
static void begin_set_up(void)
{
    if (*at == 'c')
        set_up_after(uncleared_calloc(1, ALIGNMENT));
    else if (*at == 'r')
        set_up_after(checked_realloc(NULL, ALIGNMENT));
    else {
        set_up();
        return;
    }
    at++;
}

/* Plays the operation that begins here; false if it is malformed. */
static bool play(void)
{
    size_t numbers[3];
    size_t bytes;

    char letter = *at++;

    switch (letter) {
    case 's':
        begin_set_up();
        return *at++ == '\n';
    case 'j':
        judged_part();
        return *at++ == '\n';
    case 'e':
        clean_up();
        return *at++ == '\n';
    case 'm':
        if (!read_numbers(numbers, 2))
            return false;
        slots[numbers[0]] = request(numbers[1]);
        return true;
    case 'c':
    case 'u':
        if (!read_numbers(numbers, 3) || __builtin_mul_overflow(numbers[1], numbers[2], &bytes))
            return false;
        slots[numbers[0]] = request_array(numbers[1], numbers[2], letter == 'c');
        return true;
    case 'r':
        if (!read_numbers(numbers, 2))
            return false;
        slots[numbers[0]] = checked_realloc(slots[numbers[0]], numbers[1]);
        return true;
    case 'f':
        if (!read_numbers(numbers, 1))
            return false;
        if (slots[numbers[0]] == NULL)
            os_free(NULL);
        else
            checked_free(slots[numbers[0]]);
        slots[numbers[0]] = NULL;
        return true;
    default:
        return false;
    }
}

int main(void)
{
    read_program();
    for (size_t line = 1; *at != '\0'; line++)
        if (!play())
            reject(line,
                   "m SLOT SIZE, c or u SLOT NMEMB SIZE, r SLOT SIZE, f SLOT, s, sc, sr, j or e");
    return 0;
}
