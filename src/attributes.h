/* SPDX-License-Identifier: MIT */
/*
 * attributes.h - what the compiler is told beyond the language.
 */
#ifndef ATTRIBUTES_H
#define ATTRIBUTES_H

/* A function that others may call; all else is hidden by -fvisibility=hidden. */
#define API __attribute__((visibility("default")))

/* A variable of another file of ours: that flag does not hide it where it is only declared, and it
 * would be looked up like one that another library may have replaced. */
#define INTERNAL extern __attribute__((visibility("hidden")))

/* Rare things are done out of line, where they cost the others no register. */
#define OUTLINE __attribute__((noinline))

#define LIKELY(condition)   __builtin_expect(condition, 1)
#define UNLIKELY(condition) __builtin_expect(condition, 0)

#endif
