/* SPDX-License-Identifier: MIT */
/*
 * The same, but its calls return to the program: to an instruction that returns once more, to the
 * library.
 *
 * Expected: invalid, flagged: called the allocator in place of the test program
 */
#include "table.h"

#define RETURN 0xc3 /* the instruction */

static uintptr_t free_as_program, gadget;

static int find_return(struct dl_phdr_info *program, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    for (int i = 0; i < program->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &program->dlpi_phdr[i];
        uintptr_t start = program->dlpi_addr + part->p_vaddr;

        if (part->p_type == PT_LOAD && part->p_flags & PF_X)
            gadget = (uintptr_t)memchr((void *)start, RETURN, part->p_memsz);
    }
    return 1; /* the program comes first */
}

__attribute__((constructor)) static void find(void)
{
    free_as_program = entry_of("os_free");
    dl_iterate_phdr(find_return, NULL);
}

__attribute__((destructor)) static void play(void)
{
    __asm__ volatile("lea 1f(%%rip), %%rax\n"
                     "sub $128, %%rsp\n"
                     "push %%rax\n"
                     "push %1\n"
                     "xor %%edi, %%edi\n"
                     "xor %%esi, %%esi\n"
                     "jmp *%0\n"
                     "1: add $128, %%rsp"
                     :
                     : "r"(free_as_program), "r"(gadget)
                     : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
}
