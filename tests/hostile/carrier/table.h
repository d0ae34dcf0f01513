/* SPDX-License-Identifier: MIT */
/* table.h - the tables through which the test program calls other code. */
#ifndef TABLE_H
#define TABLE_H

#include <link.h>
#include <stdint.h>
#include <string.h>

/* Returns the slot for a function in the table of the test program; `lazy` says in which of its two
 * tables that is. */
static inline uintptr_t *slot_of(const char *function, int lazy)
{
    const struct link_map *program = _r_debug.r_map;
    uintptr_t values[DT_NUM] = {0};

    for (const ElfW(Dyn) *entry = program->l_ld; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag < DT_NUM)
            values[entry->d_tag] = entry->d_un.d_val;

    const ElfW(Sym) *symbols = (const void *)values[DT_SYMTAB];
    const ElfW(Rela) *slots = (const void *)values[lazy ? DT_JMPREL : DT_RELA];
    size_t count = values[lazy ? DT_PLTRELSZ : DT_RELASZ] / sizeof(*slots);

    for (size_t i = 0; i < count; i++) {
        const ElfW(Sym) *symbol = symbols + ELF64_R_SYM(slots[i].r_info);

        if (strcmp((const char *)values[DT_STRTAB] + symbol->st_name, function) == 0)
            return (uintptr_t *)(program->l_addr + slots[i].r_offset);
    }
    return NULL;
}

/* Returns where the test program's own calls of a function of the allocator go to. */
static inline uintptr_t entry_of(const char *function)
{
    enum {
        PUSH = 6
    }; /* bytes of an entry before the instruction that its slot leads to at first */

    return *slot_of(function, 1) - PUSH;
}

#endif
