/* SPDX-License-Identifier: MIT */
/* attack.h - where an attack comes in. */
#ifndef ATTACK_H
#define ATTACK_H

#include <stddef.h>

/* Called at the beginning of every call of the allocator, numbered from 1. */
void strike(int call);

/* What size a call of os_malloc asks for instead of `size`. */
size_t bend(size_t size);

/* What a call returns instead of `result`. */
void *spoil(int call, void *result);

/* What os_realloc returns instead of `moved`, the new place of a block. */
void *resize(const void *ptr, size_t size, void *moved);

/* What os_calloc returns instead of `cleared`, an array of `size` bytes. */
void *clear(size_t size, void *cleared);

#endif
