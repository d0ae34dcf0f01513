/* SPDX-License-Identifier: MIT */
/* policy.c - the policy: that of the specification, where OSMEM_CONF says nothing else. */
#include <string.h>

#include "plain.h"

struct policy policy = {
    .mmap_threshold = 128 * 1024,
    .calloc_threshold = SIZE_PAGE,
    .prealloc_malloc = 128 * 1024,
    .prealloc_calloc = SIZE_PAGE,
    .alignment = 8,
    .smallest_rest = 8,
};

/* The words that a choice can be, in the order of its enum. */
static const char *const fits[] = {"best", "first", "next", "worst", NULL};
static const char *const orders[] = {"address", "lifo", NULL};
static const char *const merges[] = {"free", "need", NULL};

static const struct setting {
    const char *name;
    size_t *value;
    const char *const *words;
} settings[] = {
    {"mmap_threshold", &policy.mmap_threshold, NULL},
    {"calloc_threshold", &policy.calloc_threshold, NULL},
    {"prealloc_malloc", &policy.prealloc_malloc, NULL},
    {"prealloc_calloc", &policy.prealloc_calloc, NULL},
    {"alignment", &policy.alignment, NULL},
    {"trim", &policy.trim, NULL},
    {"smallest_rest", &policy.smallest_rest, NULL},
    {"fit", &policy.fit, fits},
    {"order", &policy.order, orders},
    {"merge", &policy.merge, merges},
};

static void set(const struct setting *setting, const char *value, size_t length)
{
    if (setting->words == NULL)
        *setting->value = strtoul(value, NULL, 10);
    else
        for (size_t i = 0; setting->words[i] != NULL; i++)
            if (strncmp(setting->words[i], value, length) == 0)
                *setting->value = i;
}

/* Reads name:value,name:value; the checker has checked it. */
__attribute__((constructor)) static void read_policy(void)
{
    const char *text = getenv("OSMEM_CONF");

    while (text != NULL && *text != '\0') {
        size_t name = strcspn(text, ":");
        const char *value = text + name + (text[name] == ':');
        size_t length = strcspn(value, ",");

        for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
            if (strlen(settings[i].name) == name && strncmp(settings[i].name, text, name) == 0)
                set(&settings[i], value, length);
        text = value + length + (value[length] == ',');
    }
}
