/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "give_up.h"
#include "table.h"

void *make_table(size_t count, size_t size)
{
    size_t bytes = (count == 0 ? 1 : count) * size;
    void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (table == MAP_FAILED)
        give_up("replay: no memory for %zu entries of %zu bytes", count, size);
    return table;
}
