/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block.h"
#include "policy.h"
#include "printf.h"

struct policy policy_in_force = {.check = 1}; /* makes the first os_free() read the policy */
bool policy_is_known;
size_t policy_heap_limit;

static const char *const fit_names[] = {"best", "first", "next", "worst", NULL};
static const char *const orders[] = {"address", "lifo", NULL};
static const char *const merges[] = {"free", "need", NULL};

static const struct setting {
    const char *name;
    size_t offset;
    const char *const *words; /* the values of a choice, in the order of its enum; else NULL */
} settings[] = {
    {"mmap_threshold", offsetof(struct policy, mmap_threshold), NULL},
    {"calloc_threshold", offsetof(struct policy, calloc_threshold), NULL},
    {"prealloc_malloc", offsetof(struct policy, prealloc_malloc), NULL},
    {"prealloc_calloc", offsetof(struct policy, prealloc_calloc), NULL},
    {"alignment", offsetof(struct policy, alignment), NULL},
    {"trim", offsetof(struct policy, trim), NULL},
    {"smallest_rest", offsetof(struct policy, smallest_rest), NULL},
    {"fit", offsetof(struct policy, fit), fit_names},
    {"order", offsetof(struct policy, order), orders},
    {"merge", offsetof(struct policy, merge), merges},
    {"thread_cache", offsetof(struct policy, thread_cache), NULL},
    {"check", offsetof(struct policy, check), NULL},
};

static bool is_spelt(const char *word, const char *text, size_t length)
{
    return strlen(word) == length && strncmp(word, text, length) == 0;
}

/* Finds the setting that the first `length` characters of `name` stand for, or NULL. */
static const struct setting *find_setting(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        if (is_spelt(settings[i].name, name, length))
            return &settings[i];
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

/* Parses one of `words` as its place among them, and moves `*text` past it. */
static bool parse_word(const char **text, const char *const *words, size_t *place)
{
    size_t length = strcspn(*text, ",");

    for (*place = 0; words[*place] != NULL; ++*place)
        if (is_spelt(words[*place], *text, length)) {
            *text += length;
            return true;
        }
    return false;
}

/* Parses the value of a setting into `policy`, and moves `*text` past it. */
static bool parse_value(const char **text, const struct setting *setting, struct policy *policy)
{
    size_t *value = (size_t *)((char *)policy + setting->offset);

    if (value == &policy->mmap_threshold || value == &policy->calloc_threshold)
        policy->rising = false;
    return setting->words == NULL ? parse_number(text, value)
                                  : parse_word(text, setting->words, value);
}

/* Parses `name:value,name:value` into `policy`. Values that are not named stay as they are. */
static bool parse_policy(const char *text, struct policy *policy)
{
    for (;;) {
        size_t length = strcspn(text, ":,");
        const struct setting *setting = find_setting(text, length);

        text += length;
        if (setting == NULL || *text++ != ':' || !parse_value(&text, setting, policy))
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
           (alignment & (alignment - 1)) == 0 && policy->check <= 1 && policy->smallest_rest > 0 &&
           !(policy->fit == FIT_NEXT && policy->order == ORDER_LIFO) &&
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
             "mmap_threshold, calloc_threshold, prealloc_malloc, prealloc_calloc, alignment, "
             "trim, smallest_rest, fit, order, merge, thread_cache or check, found '%.200s'; see "
             "osmem(3)\n",
             conf);
    errno = saved_errno;
}

static size_t heap_limit(void)
{
    size_t smallest_total = sizeof(struct block_meta) + 1;
    size_t threshold = policy_in_force.mmap_threshold;

    if (threshold < smallest_total || (policy_in_force.check && policy_in_force.extended))
        return 0;
    return (threshold - smallest_total) & -policy_in_force.alignment;
}

static bool is_loaded;

#ifdef __GLIBC__
/* glibc passes what main() will get. It sets `environ` only after a library that is to come first.
 */
__attribute__((constructor)) static void mark_loaded(int argc, char **argv, char **envp)
{
    (void)argc;
    (void)argv;
    if (environ == NULL)
        environ = envp;
    is_loaded = true;
}
#else
__attribute__((constructor)) static void mark_loaded(void)
{
    is_loaded = true;
}
#endif

void policy_read(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    block_choose_secret();
    /* The dynamic loader allocates before there is an environment. A program may clear it later. */
    if (environ == NULL && !is_loaded) {
        policy_in_force = policy_standard;
        policy_in_force.check = 1; /* in case the environment asks for it: blocks may live on */
        return;
    }
    pthread_once(&once, read_once);
    __atomic_store_n(&policy_is_known, true, __ATOMIC_RELEASE);
    __atomic_store_n(&policy_heap_limit, heap_limit(), __ATOMIC_RELEASE);
}

void policy_set(size_t *value, size_t to)
{
    policy();
    __atomic_store_n(value, to, __ATOMIC_RELAXED);
}

static void set_thresholds(size_t bytes)
{
    policy_set(&policy_in_force.mmap_threshold, bytes);
    policy_set(&policy_in_force.calloc_threshold, bytes);
    __atomic_store_n(&policy_heap_limit, heap_limit(), __ATOMIC_RELEASE);
}

void policy_set_mmap_threshold(size_t bytes)
{
    set_thresholds(bytes);
    __atomic_store_n(&policy_in_force.rising, false, __ATOMIC_RELAXED);
}

void policy_note_unmapped(size_t total)
{
    if (__atomic_load_n(&policy_in_force.rising, __ATOMIC_RELAXED) &&
        total >= policy_in_force.mmap_threshold && total < policy_in_force.trim)
        set_thresholds(total + 1);
}
