/* SPDX-License-Identifier: MIT */
/*
 * Unmaps code of the dynamic linker, so that memory can be mapped in its place without replacing
 * any. It puts the same code there, but it could be other code.
 *
 * Expected: invalid, flagged: asked the system for memory outside of calls of the allocator;
 * changed what may be written or executed in memory; changed memory of the test program or of the
 * system's libraries
 */
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define PAGE 4096

static int find_code(struct dl_phdr_info *loaded, size_t size, void *code)
{
    (void)size;
    if (loaded->dlpi_addr != getauxval(AT_BASE))
        return 0;
    for (int i = 0; i < loaded->dlpi_phnum; i++)
        if (loaded->dlpi_phdr[i].p_type == PT_LOAD && loaded->dlpi_phdr[i].p_flags & PF_X)
            *(char **)code = (char *)(loaded->dlpi_addr + loaded->dlpi_phdr[i].p_vaddr);
    return 1;
}

static void replace(char *page)
{
    static char kept[PAGE];

    memcpy(kept, page, PAGE);
    munmap(page, PAGE);
    if (mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != page)
        __builtin_trap();
    memcpy(page, kept, PAGE);
    mprotect(page, PAGE, PROT_READ | PROT_EXEC);
}

__attribute__((constructor)) static void attack(void)
{
    char *code = NULL;

    dl_iterate_phdr(find_code, &code);
    replace(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)); /* binds functions */
    replace(code);
}
