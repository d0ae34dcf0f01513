/* SPDX-License-Identifier: MIT */
/*
 * information.c - the functions of glibc's malloc() family that tell about the heap, or tune it;
 * for libosmem-preload.so. musl has none of them.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>

#include "attributes.h"
#include "mapping.h"
#include "osmem.h"
#include "policy.h"
#include "totals.h"

#ifdef __GLIBC__

/* What is kept beyond the end of the heap is not for the caller to say: `pad` is ignored. */
API int malloc_trim(size_t pad)
{
    (void)pad;
    return os_malloc_trim();
}

API void malloc_stats(void)
{
    os_malloc_stats();
}

API struct mallinfo2 mallinfo2(void)
{
    struct heap_totals heap = heap_totals();
    struct mapping_totals mapped = mapping_totals();

    return (struct mallinfo2){
        .arena = heap.bytes,
        .ordblks = heap.unused.blocks,
        .hblks = mapped.count,
        .hblkhd = mapped.bytes,
        .uordblks = heap.bytes - heap.unused.bytes,
        .fordblks = heap.unused.bytes,
        .keepcost = heap.free_end,
    };
}

/* The values wrap around from 2 GiB on, as they do in libc. */
API struct mallinfo mallinfo(void)
{
    struct mallinfo2 all = mallinfo2();

    return (struct mallinfo){
        .arena = (int)all.arena,
        .ordblks = (int)all.ordblks,
        .hblks = (int)all.hblks,
        .hblkhd = (int)all.hblkhd,
        .uordblks = (int)all.uordblks,
        .fordblks = (int)all.fordblks,
        .keepcost = (int)all.keepcost,
    };
}

/* In the form of glibc, with a single arena. */
API int malloc_info(int options, FILE *stream)
{
    struct mallinfo2 all = mallinfo2();

    if (options != 0) {
        errno = EINVAL;
        return -1;
    }
    fprintf(stream,
            "<malloc version=\"1\">\n"
            "<heap nr=\"0\">\n"
            "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n"
            "<system type=\"current\" size=\"%zu\"/>\n"
            "</heap>\n"
            "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n"
            "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n"
            "<system type=\"current\" size=\"%zu\"/>\n"
            "</malloc>\n",
            all.ordblks, all.fordblks, all.arena, all.ordblks, all.fordblks, all.hblks, all.hblkhd,
            all.arena);
    return 0;
}

/* Sets what has a meaning here, and accepts libc's other parameters, which are hints. Returns 1;
 * 0 for a value or parameter that does not exist. */
API int mallopt(int parameter, int value)
{
    switch (parameter) {
    case M_MMAP_THRESHOLD:
        if (value < 0)
            return 0;
        policy_set_mmap_threshold((size_t)value);
        return 1;
    case M_MMAP_MAX:
        if (value < 0)
            return 0;
        policy_set(&policy_in_force.max_mappings, (size_t)value);
        return 1;
    case M_TRIM_THRESHOLD:
        policy_set(&policy_in_force.trim, value < 0 ? 0 : (size_t)value + 1);
        return 1;
    case M_MXFAST:
    case M_TOP_PAD:
    case M_CHECK_ACTION:
    case M_PERTURB:
    case M_ARENA_TEST:
    case M_ARENA_MAX:
        return 1;
    default:
        return 0;
    }
}

#endif
