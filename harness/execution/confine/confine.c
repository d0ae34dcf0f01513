/* SPDX-License-Identifier: MIT */
/*
 * confine FILTER COMMAND [ARG]...
 *
 * Runs a command that can reach no key of the user's, and can make only the system calls that a
 * filter allows. bubblewrap sets a filter for what it starts itself, but needs a descriptor for it.
 */
#include "confined.h"

int main(int argc, char *argv[])
{
    if (argc < 3)
        errx(2, "expected FILTER COMMAND [ARG]...");
    become_confined(argv[1], argv + 2);
}
