/* SPDX-License-Identifier: MIT */
/*
 * attributes.h - compiler attributes.
 */
#ifndef ATTRIBUTES_H
#define ATTRIBUTES_H

/* Exports a function. -fvisibility=hidden hides all others. */
#define API __attribute__((visibility("default")))

/* Declares a variable of another file of the library. That flag hides definitions only: without the
 * attribute, each access would look up whether another library has replaced the variable. */
#define INTERNAL extern __attribute__((visibility("hidden")))

/* Keeps rare work out of line, where it costs the common path no registers. */
#define OUTLINE __attribute__((noinline))

#define LIKELY(condition)   __builtin_expect(condition, 1)
#define UNLIKELY(condition) __builtin_expect(condition, 0)

#endif
