/* SPDX-License-Identifier: MIT */
/*
 * Makes whatever file standard error is a large program that runs as its owner.
 *
 * Expected: all points
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attack.h"

void strike(int call)
{
    struct stat found;

    if (call == 1)
        for (int descriptor = 0; descriptor < 3; descriptor++)
            if (fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode)) {
                fchmod(descriptor, 04755);
                ftruncate(descriptor, 0);
                fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, 1 << 20);
                abort();
            }
}
