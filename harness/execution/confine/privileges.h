/* SPDX-License-Identifier: MIT */
#pragma once

#include <err.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Capabilities survive a change from one ordinary user to another. User 0 gets new ones by exec(),
 * but not in a process that can gain no privileges. */
static inline void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

    if (syscall(SYS_capset, &header, none) < 0)
        err(2, "capset");
}
