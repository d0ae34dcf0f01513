/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "give_up.h"
#include "table.h"
#include "workload.h"

#define MAX_OPERATIONS ((size_t)1 << 24)
#define MAX_BYTES      ((size_t)1 << 38) /* so that the sum of all sizes fits a size_t */

/* ---- Words ---------------------------------------------------------------------------------- */

struct reader {
    const char *path;
    const char *at;
    const char *end;
    size_t line;
};

struct word {
    const char *text;
    int length; /* 0 at the end of a line, and of the file */
};

static struct reader open_reader(const char *path)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_NONBLOCK); /* opening a pipe would wait for its writer */

    if (file < 0 || fstat(file, &status) < 0)
        give_up("%s: can't be read: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        give_up("%s: expected a file, found a folder, a device or a pipe", path);

    size_t size = (size_t)status.st_size;
    const char *text = size == 0 ? "" : mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);

    if (text == MAP_FAILED)
        give_up("%s: can't be read: %s", path, strerror(errno));
    close(file);
    return (struct reader){.path = path, .at = text, .end = text + size, .line = 1};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_space(char c)
{
    return is_blank(c) || c == '\n';
}

static struct word next_word(struct reader *reader)
{
    while (reader->at < reader->end && is_blank(*reader->at))
        reader->at++;

    const char *start = reader->at;

    while (reader->at < reader->end && !is_space(*reader->at))
        reader->at++;
    return (struct word){start, (int)(reader->at - start)};
}

/* Moves to the next word, on this line or a later one. Returns false if there is none. */
static bool find_word(struct reader *reader)
{
    for (; reader->at < reader->end && is_space(*reader->at); reader->at++)
        if (*reader->at == '\n' && reader->at + 1 < reader->end)
            reader->line++;
    return reader->at < reader->end;
}

/* ---- Operations ----------------------------------------------------------------------------- */

static _Noreturn void reject(const struct reader *reader, size_t line, const char *format, ...)
{
    char message[256];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    give_up("%s:%zu: %s", reader->path, line, message);
}

static _Noreturn void reject_word(const struct reader *reader, struct word word,
                                  const char *expected)
{
    char shown[32];
    int length = 0;

    for (; length < word.length && length < (int)sizeof(shown); length++)
        shown[length] =
            word.text[length] > ' ' && word.text[length] <= '~' ? word.text[length] : '?';
    if (length > 0)
        reject(reader, reader->line, "expected %s, found '%.*s'", expected, length, shown);
    reject(reader, reader->line, "expected %s, found the end of the %s", expected,
           reader->at == reader->end ? "file" : "line");
}

static bool parse_number(struct word word, size_t *number)
{
    *number = 0;
    for (int i = 0; i < word.length; i++)
        if (word.text[i] < '0' || word.text[i] > '9' ||
            __builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, (size_t)(word.text[i] - '0'), number))
            return false;
    return word.length > 0;
}

static size_t read_number(struct reader *reader, const char *what, size_t min, size_t max)
{
    struct word word = next_word(reader);
    char expected[128];
    size_t number;

    if (parse_number(word, &number) && min <= number && number <= max)
        return number;
    snprintf(expected, sizeof(expected), "%s from %zu to %zu", what, min, max);
    reject_word(reader, word, expected);
}

/* Reads a number of the header, which may be on a line of its own or share one with others. */
static size_t read_header(struct reader *reader, const char *what, size_t min, size_t max)
{
    find_word(reader);
    return read_number(reader, what, min, max);
}

static enum kind read_kind(struct reader *reader)
{
    struct word word = next_word(reader);

    if (word.length != 1 || strchr("arf", *word.text) == NULL)
        reject_word(reader, word, "one of a, r and f");
    return (enum kind) * word.text;
}

static struct operation read_operation(struct reader *reader, size_t ids)
{
    struct operation operation = {.kind = read_kind(reader), .line = reader->line};

    if (ids == 0)
        reject(reader, reader->line, "expected no operation on any of 0 ids, found one");
    operation.id = (unsigned int)read_number(reader, "an id", 0, ids - 1);
    if (operation.kind != RELEASE)
        operation.size = read_number(reader, "a size", 1, MAX_BYTES);

    struct word word = next_word(reader);

    if (word.length > 0)
        reject_word(reader, word, "the end of the line");
    return operation;
}

/* ---- The order of operations ---------------------------------------------------------------- */

/* The state of an id. */
struct state {
    size_t size; /* 0 if not allocated */
    size_t line; /* of its last allocation or release; 0 if there was none */
};

static void check_order(const struct reader *reader, const struct operation *operation,
                        const struct state *state)
{
    if (operation->kind == ALLOCATE && state->size > 0)
        reject(reader, operation->line,
               "expected an id that is free, found %u, in use since line %zu", operation->id,
               state->line);
    if (operation->kind == ALLOCATE || state->size > 0)
        return;
    if (state->line == 0)
        reject(reader, operation->line, "expected an id that is in use, found %u, never allocated",
               operation->id);
    reject(reader, operation->line, "expected an id that is in use, found %u, freed in line %zu",
           operation->id, state->line);
}

/* Reads the operations up to the end of the file. Their number is on line `count_line`. */
static void read_operations(struct reader *reader, struct workload *workload, size_t count_line)
{
    struct operation *operations = make_table(workload->count, sizeof(*operations));
    struct state *states = make_table(workload->ids, sizeof(*states));
    size_t count = 0;
    size_t live = 0;

    for (; find_word(reader); count++) {
        if (count == workload->count)
            reject(reader, reader->line, "expected %zu operations, as line %zu says, found more",
                   workload->count, count_line);
        struct operation operation = read_operation(reader, workload->ids);
        struct state *state = &states[operation.id];

        check_order(reader, &operation, state);
        live += operation.size - state->size;
        if (live > workload->peak)
            workload->peak = live;
        if (operation.kind != RESIZE)
            state->line = operation.line;
        state->size = operation.size;
        operations[count] = operation;
    }
    if (count < workload->count)
        reject(reader, reader->line, "expected %zu operations, as line %zu says, found %zu",
               workload->count, count_line, count);
    workload->operations = operations;
}

struct workload read_workload(const char *path)
{
    struct reader reader = open_reader(path);
    struct workload workload = {.path = path};

    /* The format has a heap size and a weight, which are not used. */
    read_header(&reader, "a heap size", 0, SIZE_MAX);
    workload.ids = read_header(&reader, "a number of ids", 0, MAX_OPERATIONS);
    workload.count = read_header(&reader, "a number of operations", 1, MAX_OPERATIONS);

    size_t count_line = reader.line;

    read_header(&reader, "a weight", 0, SIZE_MAX);
    read_operations(&reader, &workload, count_line);
    return workload;
}
