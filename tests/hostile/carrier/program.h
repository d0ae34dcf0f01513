/* SPDX-License-Identifier: MIT */
/* program.h - where the code of the test program lies. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

struct range {
    uintptr_t start;
    uintptr_t end;
};

static inline int note_code(struct dl_phdr_info *program, size_t size, void *range)
{
    (void)size;
    for (int i = 0; i < program->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &program->dlpi_phdr[i];
        uintptr_t start = program->dlpi_addr + part->p_vaddr;

        if (part->p_type == PT_LOAD && part->p_flags & PF_X)
            *(struct range *)range = (struct range){start, start + part->p_memsz};
    }
    return 1; /* the program comes first */
}

static inline struct range code_of_program(void)
{
    struct range code = {0, 0};

    dl_iterate_phdr(note_code, &code);
    return code;
}

static inline bool is_in(struct range range, uintptr_t address)
{
    return address >= range.start && address < range.end;
}

#endif
