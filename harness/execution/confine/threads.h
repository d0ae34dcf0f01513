/* SPDX-License-Identifier: MIT */
#pragma once

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Return how many threads the caller's user has, which is what RLIMIT_NPROC is held against. A
 * process has a folder for each of its threads, in proc(5). */
static inline rlim_t threads_of_this_user(void)
{
    DIR *processes = opendir("/proc");
    rlim_t count = 0;

    if (processes == NULL)
        err(2, "/proc");
    for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
        char threads[sizeof(entry->d_name) + sizeof("/task")];
        struct stat status;

        snprintf(threads, sizeof(threads), "%s/task", entry->d_name);
        if (isdigit((unsigned char)*entry->d_name) &&
            fstatat(dirfd(processes), threads, &status, 0) == 0 && status.st_uid == getuid())
            count += status.st_nlink - 2;
    }
    closedir(processes);
    return count;
}
