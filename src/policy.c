/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block_meta.h"
#include "policy.h"
#include "printf.h"

struct policy policy_in_force = {.check = 1}; /* makes the first os_free() read the policy */
bool policy_is_known;
size_t policy_heap_limit;

static const struct {
    const char *name;
    size_t offset;
} settings[] = {
    {"mmap_threshold", offsetof(struct policy, mmap_threshold)},
    {"calloc_threshold", offsetof(struct policy, calloc_threshold)},
    {"prealloc_malloc", offsetof(struct policy, prealloc_malloc)},
    {"prealloc_calloc", offsetof(struct policy, prealloc_calloc)},
    {"alignment", offsetof(struct policy, alignment)},
    {"check", offsetof(struct policy, check)},
};

/* Finds the value that the first `length` characters of `name` stand for, or NULL. */
static size_t *find_setting(struct policy *policy, const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        if (strlen(settings[i].name) == length && strncmp(settings[i].name, name, length) == 0)
            return (size_t *)((char *)policy + settings[i].offset);
    return NULL;
}

/* Parses a decimal number, and moves `*text` past its last digit. */
static bool parse_number(const char **text, size_t *number)
{
    const char *digit = *text;

    for (*number = 0; *digit >= '0' && *digit <= '9'; digit++)
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, (size_t)(*digit - '0'), number))
            return false;
    bool any = digit != *text;
    *text = digit;
    return any;
}

/* Parses `name:value,name:value` into `policy`. Values that are not named stay as they are. */
static bool parse_policy(const char *text, struct policy *policy)
{
    for (;;) {
        size_t length = strcspn(text, ":,");
        size_t *value = find_setting(policy, text, length);

        text += length;
        if (value == NULL || *text++ != ':' || !parse_number(&text, value))
            return false;
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
}

/* Whether a first growth of so many bytes can hold a block. */
static bool can_preallocate(size_t bytes, size_t alignment)
{
    return bytes == 0 || (bytes >= sizeof(struct block_meta) + alignment && bytes <= INTPTR_MAX);
}

/* Payloads follow headers at multiples of the alignment, so the size of a header must be one. */
static bool is_valid(const struct policy *policy)
{
    size_t alignment = policy->alignment;

    return alignment >= ALIGNMENT && sizeof(struct block_meta) % alignment == 0 &&
           (alignment & (alignment - 1)) == 0 && policy->check <= 1 &&
           can_preallocate(policy->prealloc_malloc, alignment) &&
           can_preallocate(policy->prealloc_calloc, alignment);
}

static void read_once(void)
{
    struct policy parsed = policy_standard;
    const char *conf = secure_getenv("OSMEM_CONF");
    int saved_errno = errno;

    policy_in_force = policy_standard;
    if (conf == NULL || *conf == '\0')
        return;
    if (parse_policy(conf, &parsed) && is_valid(&parsed)) {
        policy_in_force = parsed;
        return;
    }
    dprintf_(2,
             "libosmem: ignoring OSMEM_CONF: expected name:value,name:value, with valid values of "
             "mmap_threshold, calloc_threshold, prealloc_malloc, prealloc_calloc, alignment or "
             "check, found '%.200s'; see osmem(3)\n",
             conf);
    errno = saved_errno;
}

static size_t heap_limit(void)
{
    size_t smallest_total = sizeof(struct block_meta) + 1;
    size_t threshold = policy_in_force.mmap_threshold;

    return threshold < smallest_total ? 0
                                      : (threshold - smallest_total) & -policy_in_force.alignment;
}

static bool is_loaded;

__attribute__((constructor)) static void mark_loaded(void)
{
    is_loaded = true;
}

void policy_read(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    /* The dynamic loader allocates before there is an environment. A program may clear it later. */
    if (environ == NULL && !is_loaded) {
        policy_in_force = policy_standard;
        return;
    }
    pthread_once(&once, read_once);
    __atomic_store_n(&policy_is_known, true, __ATOMIC_RELEASE);
    __atomic_store_n(&policy_heap_limit, heap_limit(), __ATOMIC_RELEASE);
}
