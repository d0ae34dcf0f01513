/* SPDX-License-Identifier: MIT */
/*
 * keep SOCKET
 *
 * Keeps the sandbox that it runs in, as its first process: sends a descriptor of itself through a
 * socket, by which others can enter, and ends when nobody holds the other side any more. With it
 * ends everything in the sandbox.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keeping.h"

int main(int argc, char *argv[])
{
    if (argc != 2)
        errx(2, "expected SOCKET");

    int socket = atoi(argv[1]), self = syscall(SYS_pidfd_open, getpid(), 0);
    char byte;

    if (self < 0 || send_descriptor(socket, self) < 0)
        err(2, "pidfd");
    return read(socket, &byte, 1) < 0;
}
