/* SPDX-License-Identifier: MIT */
/* The folder that a command of the warden works in, bounded and removed as a tmpfs would be. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Make a new folder below this one, for a user unless it is 0, and go there. Return the path to
 * remove afterwards, which holds the folder and what is shown beside it. */
char *make_work_folder(const char *temporary, uid_t user);

/* Show a file or a folder by a link: NAME=PATH, with a name relative to the work folder. */
void show(const char *link);

/* Whether the work folder holds so many MiB, or more files than most. A folder that can't be read
 * could hide anything, and is too large. */
bool is_too_large(long long mib, long most);

void remove_work_folder(const char *top);
