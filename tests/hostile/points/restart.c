/* SPDX-License-Identifier: MIT */
/*
 * Declares the whole code of the program a restartable sequence. When the program is interrupted,
 * as it is whenever it tells something, the kernel goes on in the library, without a signal. libc
 * would have asked the kernel for such sequences; here the library has to, and is refused.
 *
 * Expected: all points, flagged: made system calls that an allocator has no use for: rseq
 */
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"
#include "program.h"

#define SIGNATURE       0x53053053
#define TEXT_OF(number) #number
#define LONG(number)    ".long " TEXT_OF(number) "\n"

__asm__(".text\n" LONG(SIGNATURE) "arrive: mov $1, %edi\n"
                                  "jmp _exit@plt\n");
extern const char arrive[] __attribute__((visibility("hidden")));

static struct rseq_cs sequence __attribute__((aligned(32)));
static struct rseq own __attribute__((aligned(32)));

static struct rseq *find_area(void)
{
    if (__rseq_size > 0)
        return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
    syscall(SYS_rseq, &own, sizeof(own), 0, SIGNATURE);
    return &own;
}

void strike(int call)
{
    const struct range code = code_of_program();
    static struct rseq *area;

    if (call == 1)
        area = find_area();
    sequence = (struct rseq_cs){
        .start_ip = code.start,
        .post_commit_offset = code.end - code.start,
        .abort_ip = (uintptr_t)arrive,
    };
    area->rseq_cs = (uintptr_t)&sequence;
}
