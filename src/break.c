/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <unistd.h>

#include "block_list.h"
#include "break.h"
#include "page.h"
#include "policy.h"

#define FIRST_SEGMENT ((size_t)64 << 20) /* each further segment is twice as large */
#define FIRST_GAP     ((size_t)1 << 20)  /* left to whatever was in the way of the break */
#define LAST_GAP      ((size_t)8 << 30)  /* links reach a little further */

static struct {
    char *current; /* NULL while the break is that of sbrk() */
    char *end;
} segment;

static size_t segment_size = FIRST_SEGMENT;

char *break_now(void)
{
    return segment.current != NULL ? segment.current : sbrk(0);
}

bool break_has_passed_segments(void)
{
    return segment.current != NULL;
}

static char *reserve(char *hint, size_t bytes)
{
    return mmap(hint, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* Reserves memory above all blocks: as near as possible, else anywhere. Returns NULL if there is
 * none of this size. */
static char *reserve_above(char *top, size_t bytes)
{
    for (size_t gap = FIRST_GAP; gap <= LAST_GAP; gap *= 2) {
        char *hint = page_ceiling(top + gap);
        char *start = reserve(hint, bytes);

        if (start == hint)
            return start;
        if (start == MAP_FAILED)
            return NULL;
        munmap(start, bytes);
    }

    char *start = reserve(NULL, bytes);

    if (start != MAP_FAILED && start > top)
        return start;
    if (start != MAP_FAILED)
        munmap(start, bytes);
    return NULL;
}

/* Makes a new segment, of `needed` bytes at least, the current one. */
static bool open_segment(size_t needed)
{
    char *top = block_list.last == NULL ? sbrk(0) : end_of(block_list.last);
    size_t least = needed + (-needed & (page_size() - 1));
    size_t bytes = segment_size < least ? least : segment_size;
    char *start;

    while ((start = reserve_above(top, bytes)) == NULL) {
        if (bytes == least)
            return false;
        bytes = bytes / 2 < least ? least : bytes / 2;
    }
    segment.current = start;
    segment.end = start + bytes;
    segment_size = 2 * bytes;
    return true;
}

static char *raise_in_segment(size_t increment)
{
    if ((size_t)(segment.end - segment.current) < increment && !open_segment(increment))
        return NULL;

    char *start = segment.current;
    char *closed = page_ceiling(start);
    char *end = page_ceiling(start + increment);

    if (closed < end && mprotect(closed, (size_t)(end - closed), PROT_READ | PROT_WRITE) != 0)
        return NULL;
    segment.current += increment;
    return start;
}

/* Whether the heap goes on where sbrk() refuses. musl's always does: musl's malloc() has the break
 * to itself, and would put it back below our blocks. */
static bool may_open_segments(void)
{
#ifdef __GLIBC__
    return policy_in_force.extended;
#else
    return true;
#endif
}

static char *raise_anywhere(size_t increment)
{
    if (increment > INTPTR_MAX)
        return NULL;
    if (segment.current == NULL) {
        char *start = sbrk((intptr_t)increment);

        if (start != (char *)-1) // NOLINT(performance-no-int-to-ptr): how sbrk() fails
            return start;
    }
    return may_open_segments() ? raise_in_segment(increment) : NULL;
}

char *break_raise(size_t increment)
{
    int saved_errno = errno;
    char *start = raise_anywhere(increment);

    errno = start == NULL ? ENOMEM : saved_errno;
    return start;
}

bool break_lower(size_t decrement)
{
    if (segment.current == NULL)
        return sbrk(-(intptr_t)decrement) != (void *)-1; // NOLINT(performance-no-int-to-ptr)

    char *open = page_ceiling(segment.current);

    segment.current -= decrement;

    char *closed = page_ceiling(segment.current);

    if (closed < open)
        madvise(closed, (size_t)(open - closed), MADV_DONTNEED);
    return true;
}
