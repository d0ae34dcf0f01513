/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "footprint.h"
#include "give_up.h"

#define ROLLUP "/proc/self/smaps_rollup"
#define FIELD  "\nAnonymous:"

size_t footprint(void)
{
    char text[4096];
    int file = open(ROLLUP, O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof(text) - 1);

    if (length < 0)
        give_up(ROLLUP ": can't be read");
    close(file);
    text[length] = '\0';

    const char *field = strstr(text, FIELD);

    if (field == NULL)
        give_up(ROLLUP ": expected a line 'Anonymous:', found none");
    return strtoul(field + strlen(FIELD), NULL, 10) * 1024;
}

long page_faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}
