/* SPDX-License-Identifier: MIT */
#include "records.h"
#include "snippet.h"
#include "system.h"
#include "telling.h"

static struct record {
    struct block hidden;
    uint64_t seal;
} records[4 * MAX_BLOCKS];

static uint64_t key;

void draw(volatile uint64_t *word)
{
    if (syscall(SYS_getrandom, word, sizeof(*word), 0) != sizeof(*word))
        fail(": the test itself can't draw a random number");
}

uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

static struct record *record_at(size_t index)
{
    return &records[key % (LENGTH(records) - MAX_BLOCKS) + index];
}

static uint64_t seal_of(const struct record *record, size_t index)
{
    uint64_t seal = mix(key + index);

    seal = mix(seal ^ (uintptr_t)record->hidden.start);
    seal = mix(seal ^ record->hidden.size);
    return mix(seal ^ record->hidden.number);
}

/* What a record is hidden by, or found by. */
static struct block hide(struct block block, size_t index)
{
    uint64_t mask = key * (2 * index + 1);

    return (struct block){
        .start = (unsigned char *)((uintptr_t)block.start ^ (uintptr_t)mask),
        .size = block.size ^ (size_t)(mask >> 7),
        .number = block.number ^ (size_t)(mask >> 13),
    };
}

void keep(size_t index, struct block block)
{
    struct record *record = record_at(index);

    record->hidden = hide(block, index);
    record->seal = seal_of(record, index);
}

struct block kept(size_t index)
{
    const struct record *record = record_at(index);

    if (record->seal != seal_of(record, index))
        fail(": the library changed the memory of the test");
    return hide(record->hidden, index);
}

void draw_key(void)
{
    if (key != 0)
        return;
    draw(&key);
    key |= 1;
    for (size_t i = 0; i <= REQUEST; i++)
        keep(i, (struct block){.start = NULL});
}
