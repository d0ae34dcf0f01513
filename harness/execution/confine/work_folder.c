/* SPDX-License-Identifier: MIT */
#include <err.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "work_folder.h"

char *make_work_folder(const char *temporary, uid_t user)
{
    char *top, *work;

    if (asprintf(&top, "%s/osmem-XXXXXX", temporary) < 0 || mkdtemp(top) == NULL)
        err(2, "%s", temporary);
    if (chmod(top, 0711) < 0 || asprintf(&work, "%s/work", top) < 0 || mkdir(work, 0700) < 0 ||
        chdir(work) < 0)
        err(2, "%s", top);
    if (user != 0 && chown(".", user, user) < 0)
        err(2, "%s", work);
    setenv("TMPDIR", work, 1);
    setenv("HOME", work, 0);
    free(work);
    return top;
}

void show(const char *link)
{
    const char *path = strchr(link, '=');
    char name[256];

    if (path == NULL || snprintf(name, sizeof(name), "%.*s", (int)(path - link), link) < 0)
        errx(2, "%s: expected NAME=PATH", link);
    for (char *slash = name + strlen("../"); (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
        *slash = '\0';
        mkdir(name, 0755);
    }
    if (symlink(path + 1, name) < 0)
        err(2, "%s", name);
}

bool is_too_large(long long mib, long most)
{
    char here[] = ".", *top[] = {here, NULL};
    FTS *walk = fts_open(top, FTS_PHYSICAL, NULL);
    long long blocks = 0;
    long files = 0;
    bool hidden = false;

    if (walk == NULL)
        return true;
    for (FTSENT *entry; (entry = fts_read(walk)) != NULL && !hidden;) {
        if (entry->fts_info == FTS_DP)
            continue;
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_NS) {
            hidden = entry->fts_errno == EACCES; /* it may also have vanished */
            continue;
        }
        blocks += entry->fts_statp->st_blocks;
        if (++files > most || blocks / 2048 >= mib)
            break;
    }
    fts_close(walk);
    return hidden || files > most || blocks / 2048 >= mib;
}

void remove_work_folder(const char *top)
{
    if (fork() == 0) {
        execl("/bin/sh", "sh", "-c", "cd / && chmod -R u+rwx \"$1\"; rm -rf \"$1\"", "sh", top,
              NULL);
        _exit(1);
    }
    wait(NULL);
}
