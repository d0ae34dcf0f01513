/* SPDX-License-Identifier: MIT */
/*
 * Writes files until no more will go, wherever it can.
 *
 * Expected: crashed
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

static void fill(const char *folder)
{
    static char noise[1 << 20];
    char name[64];

    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "%s/osmem-was-here-%d", folder, i);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);

        if (fd < 0)
            return;
        while (i < 64 && write(fd, noise, sizeof(noise)) > 0)
            ;
        close(fd);
    }
}

void strike(int call)
{
    if (call == 3) {
        fill(".");
        fill("/tmp");
        fill("/dev/shm");
        _exit(7);
    }
}
