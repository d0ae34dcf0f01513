/* SPDX-License-Identifier: MIT */
/*
 * layout.c - what lies between the parts of a test program, so that they lie elsewhere in programs
 * with other numbers: a library can't know beforehand how far it is from one to another.
 * harness/checking/layout.py draws the numbers.
 *
 * There is also room for the path of the C library, by which harness/checking/traced.py lets the
 * copy of a program name it that runs under the tracer.
 */

__attribute__((used)) static const char libc_path[256] = "room for the path of the C library";

#ifdef CODE_PADDING

#define BYTES(number)  BYTES_(number)
#define BYTES_(number) #number

__attribute__((used)) static const char constants[CONSTANT_PADDING] = {1};
__attribute__((used)) static char variables[VARIABLE_PADDING] = {1};
__attribute__((used)) static char tables[TABLE_PADDING];
__asm__(".text\n.skip " BYTES(CODE_PADDING) "\n");

#endif
