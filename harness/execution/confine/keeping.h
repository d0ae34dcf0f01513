/* SPDX-License-Identifier: MIT */
/* How a process that keeps a sandbox hands it over: see keep.c. */
#pragma once

#include <string.h>
#include <sys/socket.h>

/* Send a descriptor through a socket. Return a negative number if that fails. */
static inline int send_descriptor(int socket, int descriptor)
{
    char byte = 0, space[CMSG_SPACE(sizeof(descriptor))] = {0};
    struct iovec content = {&byte, 1};
    struct msghdr message = {.msg_iov = &content,
                             .msg_iovlen = 1,
                             .msg_control = space,
                             .msg_controllen = sizeof(space)};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(descriptor));
    memcpy(CMSG_DATA(rights), &descriptor, sizeof(descriptor));
    return sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* Return the descriptor that comes through a socket; a negative number if none comes. */
static inline int receive_descriptor(int socket)
{
    int descriptor;
    char byte, space[CMSG_SPACE(sizeof(descriptor))];
    struct iovec content = {&byte, 1};
    struct msghdr message = {.msg_iov = &content,
                             .msg_iovlen = 1,
                             .msg_control = space,
                             .msg_controllen = sizeof(space)};

    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1)
        return -1;

    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

    if (rights == NULL || rights->cmsg_type != SCM_RIGHTS ||
        rights->cmsg_len != CMSG_LEN(sizeof(descriptor)))
        return -1;
    memcpy(&descriptor, CMSG_DATA(rights), sizeof(descriptor));
    return descriptor;
}
