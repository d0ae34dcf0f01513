/* SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "calls.h"
#include "snippet.h"

struct statement statement;
uintptr_t arguments[5];

/* ---- Callers -------------------------------------------------------------------------------- */

#ifdef __x86_64__

extern const char __executable_start[], etext[]; /* by the linker */

static bool is_of_program(uintptr_t code)
{
    return code >= (uintptr_t)__executable_start && code < (uintptr_t)etext;
}

/* Notes all callers up to main(), which nothing of the program has called. */
static void note_callers(void)
{
    const uintptr_t *frame = (const uintptr_t *)statement.callers[0].frame;
    size_t count = 1;

    statement.callers[0].next = *(const uintptr_t *)statement.stack;
    for (; count < MOST_CALLERS && is_of_program(frame[1]); count++) {
        statement.callers[count].frame = frame[0];
        statement.callers[count].next = frame[1];
        frame = (const uintptr_t *)frame[0];
    }
    for (; count < MOST_CALLERS; count++)
        statement.callers[count].frame = statement.callers[count].next = 0;
}

void restore_callers(void)
{
    uintptr_t *frame = (uintptr_t *)statement.callers[0].frame;

    *(uintptr_t *)statement.stack = statement.callers[0].next;
    for (size_t i = 1; i < MOST_CALLERS && statement.callers[i].frame != 0; i++) {
        frame[0] = statement.callers[i].frame;
        frame[1] = statement.callers[i].next;
        frame = (uintptr_t *)frame[0];
    }
}

#else

static void note_callers(void)
{
}

void restore_callers(void)
{
}

#endif

void give(uintptr_t argument, uint64_t from)
{
    arguments[0] = argument;
    arguments[1] = (uintptr_t)from;
    arguments[2] = arguments[3] = (uintptr_t)&statement;
    note_callers();
}

void give_two(uintptr_t first, uintptr_t second, uint64_t from)
{
    arguments[0] = first;
    arguments[1] = second;
    arguments[2] = (uintptr_t)from;
    arguments[3] = arguments[4] = (uintptr_t)&statement;
    note_callers();
}

/* Ends a call that is not checked. */
void *end_unchecked(void *result)
{
    restore_callers();
    return result;
}

/* ---- Calls ---------------------------------------------------------------------------------- */

/*
 * Defines a function that calls a function of the allocator: what begins the call takes the same
 * parameters, and leaves the arguments; what ends it takes the result, and returns what the
 * function does.
 */
#ifdef __x86_64__

/* How far the library's frame is from that of the caller: 8 and a multiple of 16 bytes. */
#ifndef FRAME
#define FRAME 8
#endif

#define TEXT(number)  TEXT_(number)
#define TEXT_(number) #number

_Static_assert(offsetof(struct statement, stack) == 24 &&
                   offsetof(struct statement, callers[0].frame) == 32,
               "the instructions below have these numbers");

#define CALL(type, name, parameters, given, function, before, after)                               \
    __asm__(".text\n"                                                                              \
            ".globl " #name "\n"                                                                   \
            ".type " #name ", @function\n" #name ":\n"                                             \
            ".cfi_startproc\n"                                                                     \
            "mov %rsp, statement+24(%rip)\n"                                                       \
            "mov %rbp, statement+32(%rip)\n"                                                       \
            "sub $" TEXT(FRAME) ", %rsp\n"                                                         \
                                ".cfi_adjust_cfa_offset " TEXT(                                    \
                                    FRAME) "\n"                                                    \
                                           "call " #before "\n"                                    \
                                           "mov arguments(%rip), %rdi\n"                           \
                                           "mov arguments+8(%rip), %rsi\n"                         \
                                           "mov arguments+16(%rip), %rdx\n"                        \
                                           "mov arguments+24(%rip), %rcx\n"                        \
                                           "mov arguments+32(%rip), %r8\n"                         \
                                           "call " #function "@plt\n"                              \
                                           "mov statement+24(%rip), %rsp\n"                        \
                                           "sub $" TEXT(                                           \
                                               FRAME) ", %rsp\n"                                   \
                                                      "mov %rax, %rdi\n"                           \
                                                      "call " #after "\n"                          \
                                                      "mov statement+32(%rip), %rbp\n"             \
                                                      "add $" TEXT(                                \
                                                          FRAME) ", %rsp\n"                        \
                                                                 ".cfi_adjust_cfa_offset -" TEXT(  \
                                                                     FRAME) "\n"                   \
                                                                            "ret\n"                \
                                                                            ".cfi_endproc\n"       \
                                                                            ".size " #name         \
                                                                            ", . - " #name "\n");

#else

#define CALL(type, name, parameters, given, function, before, after)                               \
    uintptr_t name##_by_library(uintptr_t, uintptr_t, uintptr_t, uintptr_t,                        \
                                uintptr_t) __asm__(#function);                                     \
                                                                                                   \
    type name parameters                                                                           \
    {                                                                                              \
        before given;                                                                              \
        return (type)after((void *)name##_by_library(arguments[0], arguments[1], arguments[2],     \
                                                     arguments[3], arguments[4]));                 \
    }

#endif

#define AT struct place place

CALL(void *, checked_malloc_at, (AT, size_t size), (place, size), os_malloc, begin_malloc,
     end_malloc)
CALL(void *, checked_calloc_at, (AT, size_t nmemb, size_t size), (place, nmemb, size), os_calloc,
     begin_calloc, end_calloc)
CALL(void *, uncleared_calloc_at, (AT, size_t nmemb, size_t size), (place, nmemb, size), os_calloc,
     begin_uncleared_calloc, end_malloc)
CALL(void *, checked_realloc_at, (AT, void *ptr, size_t size), (place, ptr, size), os_realloc,
     begin_realloc, end_realloc)
CALL(void, checked_free_at, (AT, void *ptr), (place, ptr), os_free, begin_free, end_free)

CALL(void *, malloc_from, (size_t size, uint64_t from), (size, from), os_malloc, give,
     end_unchecked)
CALL(void *, calloc_from, (size_t nmemb, size_t size, uint64_t from), (nmemb, size, from),
     os_calloc, give_two, end_unchecked)
CALL(void *, realloc_from, (void *ptr, size_t size, uint64_t from), ((uintptr_t)ptr, size, from),
     os_realloc, give_two, end_unchecked)
CALL(void, free_from, (void *ptr, uint64_t from), ((uintptr_t)ptr, from), os_free, give,
     end_unchecked)
