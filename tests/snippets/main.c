/* SPDX-License-Identifier: MIT */
/*
 * main.c - begins the test that the program is named after: all tests of this folder are one
 * program, with a name for each, so that they are compiled and linked in one go.
 *
 * The tests are functions called as their files are, test_malloc_arrays() for example, and are
 * main() for these. tests.c, which the Makefile writes, includes the files and lists the functions.
 */
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "printf.h"
#include "tests.h"

#define COULD_NOT_RUN 2

int main(int count, char **arguments)
{
    const char *name = count > 0 ? arguments[0] : "";
    const char *slash = strrchr(name, '/');

    if (slash != NULL)
        name = slash + 1;
    for (const struct test *test = tests; test->name != NULL; test++)
        if (strcmp(test->name, name) == 0)
            return test->run(); /* by a jump: it returns to where main() was called */
    dprintf_(STDERR_FILENO, "%s: expected the name of a test, found another one\n", name);
    return COULD_NOT_RUN;
}
