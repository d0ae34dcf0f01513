/* SPDX-License-Identifier: MIT */
/*
 * Calls home, to where the test listens.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: connect,
 * socket
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

__attribute__((constructor)) static void call_home(void)
{
    struct sockaddr_in home = {
        .sin_family = AF_INET, .sin_port = htons(47100), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (connect(fd, (struct sockaddr *)&home, sizeof(home)) == 0)
        abort();
}
