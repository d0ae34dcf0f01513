/* SPDX-License-Identifier: MIT */
#include <err.h>
#include <stdio.h>
#include <sys/mount.h>

#include "furnish.h"

static void mount_own(const char *type, const char *place, unsigned long flags, const char *options)
{
    if (mount("osmem", place, type, MS_NOSUID | MS_NODEV | flags, options) < 0)
        err(2, "%s", place);
}

static void show(const char *name, const char *place, unsigned long flags)
{
    char path[64];

    if (snprintf(path, sizeof(path), "/tmp/%s", name) >= (int)sizeof(path) ||
        mount(path, place, NULL, MS_BIND, NULL) < 0 ||
        mount(NULL, place, NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | flags, NULL) < 0)
        err(2, "%s", path);
}

void furnish(const char *shown, const char *out, long mib, long files)
{
    char options[64];

    snprintf(options, sizeof(options), "size=%ldm,nr_inodes=%ld", mib, files);
    mount_own("proc", "/proc", MS_NOEXEC, NULL);
    mount_own("tmpfs", "/work", 0, options);
    show(shown, "/osmem", MS_RDONLY);
    show(out, "/out", 0);
    mount_own("tmpfs", "/tmp", 0, options); /* hides the folders of other runs */
}
