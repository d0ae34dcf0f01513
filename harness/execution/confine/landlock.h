/* SPDX-License-Identifier: MIT */
/*
 * Landlock, as landlock(7) explains it: a process gives up rights, for itself and all that it
 * starts. The C library has no functions for it, and the headers of Debian 12 know the first
 * version only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum landlock_fs {
    FS_EXECUTE = 1 << 0,
    FS_WRITE_FILE = 1 << 1,
    FS_READ_FILE = 1 << 2,
    FS_READ_DIR = 1 << 3,
    FS_REMOVE_DIR = 1 << 4,
    FS_REMOVE_FILE = 1 << 5,
    FS_MAKE_DIR = 1 << 7,
    FS_MAKE_REG = 1 << 8,
    FS_MAKE_FIFO = 1 << 10,
    FS_MAKE_SYM = 1 << 12,
    FS_REFER = 1 << 13,    /* rename from one folder to another; since version 2 */
    FS_TRUNCATE = 1 << 14, /* since version 3 */
    FS_ALL = (1 << 16) - 1,
};

enum landlock_net { NET_ALL = 3 };                       /* bind and connect by TCP */
enum landlock_scope { SCOPE_SIGNAL = 2, SCOPE_ALL = 3 }; /* and abstract sockets */

/* The rights that version V knows are the first ones of each kind. */
#define LANDLOCK_FS(v)  ((1u << ((v) >= 5 ? 16 : (v) >= 3 ? 15 : (v) == 2 ? 14 : 13)) - 1)
#define LANDLOCK_TCP    4
#define LANDLOCK_SCOPES 6

/* The kernel's version of Landlock; negative if it has none. */
static inline int landlock_version(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
}

/* A set of rules that takes away these rights, as far as the kernel knows them; negative if it
 * can't be made. */
static inline int landlock_rules(uint64_t fs, uint64_t net, uint64_t scope)
{
    int version = landlock_version();

    if (version < 0)
        return version;

    struct {
        uint64_t fs, net, scope;
    } taken = {
        .fs = fs & LANDLOCK_FS(version),
        .net = version >= LANDLOCK_TCP ? net : 0,
        .scope = version >= LANDLOCK_SCOPES ? scope : 0,
    };
    return syscall(SYS_landlock_create_ruleset, &taken, sizeof(taken), 0);
}

/* Let rights stay at a place, and below it. */
static inline int landlock_allow(int rules, int place, uint64_t fs)
{
    struct {
        uint64_t fs;
        int32_t place;
    } __attribute__((packed)) rule = {fs & LANDLOCK_FS(landlock_version()), place};

    return syscall(SYS_landlock_add_rule, rules, 1, &rule, 0);
}

static inline int landlock_enter(int rules)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return syscall(SYS_landlock_restrict_self, rules, 0);
}
