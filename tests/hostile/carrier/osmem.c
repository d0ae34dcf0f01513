/* SPDX-License-Identifier: MIT */
/* The plain implementation, with an attack at every call. */
#include "attack.h"

void *plain_malloc(size_t size);
void *plain_calloc(size_t nmemb, size_t size);
void *plain_realloc(void *ptr, size_t size);
void plain_free(void *ptr);

static int calls;

__attribute__((weak)) void strike(int call)
{
    (void)call;
}

__attribute__((weak)) size_t bend(size_t size)
{
    return size;
}

__attribute__((weak)) void *spoil(int call, void *result)
{
    (void)call;
    return result;
}

__attribute__((weak)) void *resize(const void *ptr, size_t size, void *moved)
{
    (void)ptr;
    (void)size;
    return moved;
}

__attribute__((weak)) void *clear(size_t size, void *cleared)
{
    (void)size;
    return cleared;
}

void *os_malloc(size_t size)
{
    strike(++calls);
    return spoil(calls, plain_malloc(bend(size)));
}

void *os_calloc(size_t nmemb, size_t size)
{
    strike(++calls);
    return spoil(calls, clear(nmemb * size, plain_calloc(nmemb, size)));
}

void *os_realloc(void *ptr, size_t size)
{
    strike(++calls);
    return spoil(calls, resize(ptr, size, plain_realloc(ptr, size)));
}

void os_free(void *ptr)
{
    strike(++calls);
    plain_free(ptr);
}
