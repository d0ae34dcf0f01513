/* SPDX-License-Identifier: MIT */
/*
 * mistake.h - what a copy of this folder shall get wrong: nothing.
 *
 * To see whether the tests notice a mistake, define MISTAKE here to the name of one in
 * ../mistakes.toml, or to several with commas between them:
 *
 *     #define MISTAKE "split-never"
 */
