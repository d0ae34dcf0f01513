/* SPDX-License-Identifier: MIT */
/*
 * mistake.h - what osmem.c shall get wrong: nothing.
 *
 * To see whether the tests notice a mistake, define MISTAKE here to the name of one in
 * ../mistakes.toml:
 *
 *     #define MISTAKE "split-never"
 */
