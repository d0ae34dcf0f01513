/* SPDX-License-Identifier: MIT */
/*
 * memory.c - promises about the memory that the family takes from the system, and gives back.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "promises.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)

/* Returns the bytes of this process that lie in memory, without allocating. */
static size_t resident(void)
{
    char text[100] = "";
    int fd = open("/proc/self/statm", O_RDONLY);

    EXPECT(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
    close(fd);
    return strtoul(strchr(text, ' '), NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

static void resizing_a_large_block_copies_nothing(void)
{
    size_t before = resident();
    char *block = malloc(MIB);

    block[0] = 'a';
    block[MIB - 1] = 'z';
    for (size_t size = 2 * MIB; size <= 256 * MIB; size += MIB) {
        block = realloc(block, size);
        EXPECT(block != NULL && block[0] == 'a' && block[MIB - 1] == 'z');
        EXPECT(block[size - 1] == 0);
    }
    for (size_t size = 256 * MIB; size < 256 * MIB + 200 * 64; size += 64)
        EXPECT((block = realloc(block, size)) != NULL && block[MIB - 1] == 'z');
    EXPECT(resident() < before + 16 * MIB);
    block = realloc(block, 2 * MIB);
    EXPECT(malloc_usable_size(block) < 3 * MIB && block[MIB - 1] == 'z');
    block = realloc(block, 100);
    EXPECT(block[0] == 'a');
    free(block);
}

static void a_large_aligned_block_goes_back_to_the_system(void)
{
    for (size_t alignment = 32; alignment <= 64 * MIB; alignment *= 8) {
        void *block;
        unsigned char pages[1];
        char *page;

        EXPECT(posix_memalign(&block, alignment, GIB) == 0);
        EXPECT((uintptr_t)block % alignment == 0);
        memset(block, 'x', 10);
        block = realloc(block, GIB + MIB);
        EXPECT(block != NULL && memcmp(block, "xxxxxxxxxx", 10) == 0);
        page = (char *)block + 512 * MIB;
        page -= (uintptr_t)page % (uintptr_t)sysconf(_SC_PAGESIZE);
        page[0] = 'x';
        free(block);
        EXPECT(mincore(page, 1, pages) == -1 || !(pages[0] & 1));
    }
}

/* Linux allows 65,530, also for threads and libraries. */
static void many_large_blocks_take_not_more_than_32000_mappings(void)
{
    enum { BLOCKS = 34000 };
    static void *blocks[BLOCKS];
    int mappings = 0;

    for (int i = 0; i < BLOCKS; i++) {
        EXPECT((blocks[i] = malloc(128 * KIB)) != NULL);
        mappings += (char *)blocks[i] > (char *)sbrk(0);
    }
    EXPECT(mappings > 0 && mappings <= 32000);
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
}

static void new_memory_is_not_zeroed_again(void)
{
    enum { BLOCKS = 500, SIZE = 120000 };
    size_t before = resident();

    for (int i = 0; i < BLOCKS; i++) {
        char *block = calloc(1, SIZE);

        EXPECT(block != NULL && block[0] == 0 && block[SIZE - 1] == 0);
    }
    EXPECT(resident() < before + BLOCKS * (size_t)SIZE / 2);
}

/* A block at the end of the heap stays, so that pages between blocks have to go back as well. */
static void freed_memory_goes_back_to_the_system(void)
{
    enum { BLOCKS = 100000 };
    static char *blocks[BLOCKS];
    size_t before = resident();
    char *last;

    for (int i = 0; i < BLOCKS; i++) {
        EXPECT((blocks[i] = malloc(KIB)) != NULL);
        memset(blocks[i], 1, KIB);
    }
    EXPECT(resident() > before + 100 * MIB);
    last = malloc(KIB);
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    EXPECT(resident() < before + 20 * MIB); /* without being asked */
    malloc_trim(0);
    EXPECT(resident() < before + 4 * MIB);
    free(last);
    malloc_trim(0);
    EXPECT((char *)sbrk(0) < last);
    last = calloc(1, 50 * KIB);
    for (size_t i = 0; i < 50 * KIB; i++)
        EXPECT(last[i] == 0);
}

/* As glibc does, since mapping a block each time takes far longer. */
static void a_size_that_was_freed_is_not_mapped_again(void)
{
    size_t mappings = mallinfo2().hblks;
    void *first = malloc(300 * KIB);

    EXPECT(mallinfo2().hblks == mappings + 1);
    free(first);
    EXPECT(mallinfo2().hblks == mappings);

    void *again = malloc(300 * KIB);

    EXPECT(again != NULL && mallinfo2().hblks == mappings);
    free(again);
    for (int i = 0; i < 2; i++) {
        void *large = malloc(2 * MIB); /* would be returned at once */

        EXPECT(mallinfo2().hblks == mappings + 1);
        free(large);
    }
}

static void a_threshold_that_was_set_stays(void)
{
    mallopt(M_MMAP_THRESHOLD, 128 * KIB);
    for (int i = 0; i < 2; i++) {
        size_t mappings = mallinfo2().hblks;
        void *block = malloc(300 * KIB);

        EXPECT(mallinfo2().hblks == mappings + 1);
        free(block);
    }
}

static void block_the_break(void)
{
    char *end = sbrk(0);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    end += -(uintptr_t)end % page;
    EXPECT(mmap(end, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) ==
           end);
}

/* Large runs of free memory appear only when nearly all blocks are free. */
static void memory_freed_in_any_order_goes_back_to_the_system(void)
{
    enum { BLOCKS = 200000, SIZE = 500 };
    static char *blocks[BLOCKS];
    uint64_t state = 1;
    size_t before = resident();

    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = memset(malloc(SIZE), 'a', SIZE);
    EXPECT(malloc(SIZE) != NULL); /* the end of the heap stays in use */
    EXPECT(resident() > before + 90 * MIB);
    for (size_t left = BLOCKS; left > 0; left--) {
        state = state * UINT64_C(6364136223846793005) + 1;

        size_t chosen = (state >> 33) % left;

        free(blocks[chosen]);
        blocks[chosen] = blocks[left - 1];
    }
    EXPECT(resident() < before + 20 * MIB);
}

static void the_heap_grows_in_steps(void)
{
    enum { BLOCKS = 10000, SIZE = 100 };
    void *before = sbrk(0);
    int steps = 0;

    for (int i = 0; i < BLOCKS; i++) {
        EXPECT(malloc(SIZE) != NULL);
        steps += sbrk(0) != before;
        before = sbrk(0);
    }
    EXPECT(steps > 0 && steps < BLOCKS / 100);
}

/* Some blocks are freed meanwhile, so that there are free blocks in all segments. */
static void the_heap_grows_although_the_break_is_blocked(void)
{
    enum { BLOCKS = 3000 };
    static char *blocks[BLOCKS];

    free(malloc(100));
    block_the_break();
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = 1000 + i % 1000 * 100;

        if (i >= 100 && i % 3 != 0) {
            char *old = blocks[i - 100];

            EXPECT(old[0] == (char)(i - 100));
            EXPECT(old[malloc_usable_size(old) - 1] == (char)(i - 100));
            free(old);
        }
        EXPECT((blocks[i] = malloc(size)) != NULL);
        memset(blocks[i], (int)i, malloc_usable_size(blocks[i]));
        blocks[i] = realloc(blocks[i], size + size / 10);
        memset(blocks[i], (int)i, malloc_usable_size(blocks[i]));
    }
}

enum { KEPT = 40, KEPT_SIZE = 200 };
static char *kept[KEPT];

/* Frees blocks, which stay in the cache of this thread, and goes on to live. */
static void *keep_blocks(void *barrier)
{
    for (int round = 0; round < 10; round++) { /* the cache starts small */
        for (int i = 0; i < KEPT; i++)
            kept[i] = malloc(KEPT_SIZE);
        for (int i = 0; i < KEPT; i++)
            free(kept[i]);
    }
    pthread_barrier_wait(barrier);
    pause();
    return NULL;
}

static bool was_kept(const char *block)
{
    for (int i = 0; i < KEPT; i++)
        if (block < kept[i] + KEPT_SIZE && kept[i] < block + KEPT_SIZE)
            return true;
    return false;
}

static void a_child_uses_what_other_threads_of_its_parent_have_freed(void)
{
    pthread_barrier_t barrier;
    pthread_t thread;
    int status;

    EXPECT(pthread_barrier_init(&barrier, NULL, 2) == 0);
    EXPECT(pthread_create(&thread, NULL, keep_blocks, &barrier) == 0);
    pthread_barrier_wait(&barrier);

    pid_t child = fork();

    EXPECT(child >= 0);
    if (child == 0) {
        int found = 0;

        for (int i = 0; i < 100 * KEPT; i++)
            found += was_kept(malloc(KEPT_SIZE));
        _exit(found < KEPT / 2);
    }
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
}

static void *allocate_some(void *unused)
{
    for (int i = 0; i < 10; i++)
        EXPECT(malloc(KEPT_SIZE) != NULL);
    return unused;
}

static void run_thread(void)
{
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, allocate_some, NULL) == 0);
    pthread_join(thread, NULL);
}

static void a_child_with_threads_keeps_what_its_parent_has_freed(void)
{
    char *blocks[KEPT];
    int status;

    run_thread(); /* the next one takes over its stack, for which nothing is allocated */
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < KEPT; i++)
            blocks[i] = malloc(KEPT_SIZE);
        for (int i = 0; i < KEPT; i++)
            free(blocks[i]);
    }

    pid_t child = fork();

    EXPECT(child >= 0);
    if (child == 0) {
        run_thread();
        for (int i = 0; i < KEPT; i++)
            blocks[i] = memset(malloc(KEPT_SIZE), i, KEPT_SIZE);
        for (int i = 0; i < KEPT; i++)
            EXPECT(blocks[i][0] == (char)i && blocks[i][KEPT_SIZE - 1] == (char)i);
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
}

/* Memory that was never touched comes last, even if it is a better fit. */
static void the_end_of_the_heap_is_spared(void)
{
    enum { BLOCKS = 5000, SIZE = 100 };
    static char *blocks[BLOCKS];
    size_t end;

    for (int i = 0; i < BLOCKS; i++)
        EXPECT((blocks[i] = malloc(SIZE)) != NULL);
    for (int i = 0; i < BLOCKS / 2; i++)
        free(blocks[i]);
    end = mallinfo2().keepcost;
    EXPECT(end > 8 * KIB && end < 64 * KIB);
    for (int i = 0; i < 20; i++)
        EXPECT(malloc(5 * KIB) != NULL);
    EXPECT(mallinfo2().keepcost == end);
}

/* A burst of frees is no reason to keep many blocks aside. */
static void blocks_that_are_freed_one_after_another_merge(void)
{
    enum { BLOCKS = 500, SIZE = 112 };
    static char *blocks[BLOCKS];
    char *large;

    for (int i = 0; i < BLOCKS; i++)
        EXPECT((blocks[i] = malloc(SIZE)) != NULL);
    for (int i = 0; i < BLOCKS; i += 2)
        free(blocks[i]);
    for (int i = 1; i < BLOCKS; i += 2)
        free(blocks[i]);
    large = malloc(BLOCKS * SIZE);
    EXPECT(large >= blocks[0] && large < blocks[BLOCKS - 1]);
}

/* Lets this process have so many bytes more. */
static void limit_address_space(size_t more)
{
    char text[100] = "";
    int fd = open("/proc/self/statm", O_RDONLY);
    struct rlimit limit = {0};

    EXPECT(read(fd, text, sizeof(text) - 1) > 0);
    limit.rlim_cur = limit.rlim_max =
        strtoul(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE) + more;
    EXPECT(setrlimit(RLIMIT_AS, &limit) == 0);
}

static void the_last_64_KiB_of_address_space_can_be_allocated(void)
{
    limit_address_space(64 * KIB);
    block_the_break();
    EXPECT(malloc(10000) != NULL);
}

static void what_was_freed_serves_large_requests_that_the_system_refuses(void)
{
    enum { BLOCKS = 40000 };
    static char *blocks[BLOCKS];
    int count = 0;
    void *block;

    free(malloc(100));
    limit_address_space(32 * MIB);
    for (int i = 0; i < 5; i++) {
        EXPECT((block = malloc(20 * MIB)) != NULL);
        free(block);
    }
    while (count < BLOCKS && (blocks[count] = malloc(KIB)) != NULL)
        count++;
    EXPECT(count > 20000 && count < BLOCKS);
    for (int i = 0; i < count - 100; i++)
        free(blocks[i]);
    errno = 0;
    EXPECT((block = malloc(2 * MIB)) != NULL);
    EXPECT((block = realloc(block, 4 * MIB)) != NULL);
    EXPECT(calloc(2, MIB) != NULL && errno == 0);
    EXPECT(realloc(blocks[count - 1], MIB) != NULL && errno == 0);
    EXPECT(posix_memalign(&block, MIB, MIB) == 0);
    EXPECT(malloc(100 * MIB) == NULL && errno == ENOMEM);
}

static void *pause_forever(void *unused)
{
    pause();
    return unused;
}

static void a_call_that_succeeds_leaves_errno_alone(void)
{
    pthread_t thread;
    void *last = NULL;
    void *block;

    EXPECT(pthread_create(&thread, NULL, pause_forever, NULL) == 0);
    limit_address_space(2 * MIB);
    errno = 0;
    while ((block = malloc(100)) != NULL) {
        EXPECT(errno == 0);
        last = block;
    }
    errno = 0;
    free(last);
    EXPECT(errno == 0);
}

/* As sandboxes refuse system calls. */
static void refuse(unsigned call)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

    EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    EXPECT(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void large_blocks_need_no_mincore(void)
{
    refuse(SYS_mincore);
    free(malloc(MIB));
}

/* The kernel does not move a mapping as a whole when a part of it was set apart. */
static void a_large_block_is_resized_after_a_part_was_set_apart(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *block = memset(malloc(2 * MIB), 'a', 2 * MIB);
    char *part = block + MIB;

    part -= (uintptr_t)part % page;
    EXPECT(madvise(part, page, MADV_DONTFORK) == 0);
    errno = 0;
    block = realloc(block, 4 * MIB);
    EXPECT(block != NULL && errno == 0);
    for (size_t i = 0; i < 2 * MIB; i++)
        EXPECT(block[i] == 'a');
    free(block);
}

/* It is both the last block, and the one that was freed last. */
static void a_large_block_at_the_end_of_the_heap_goes_back_to_the_system(void)
{
    mallopt(M_MMAP_MAX, 0);

    char *block = malloc(2 * MIB);

    EXPECT(block < (char *)sbrk(0));
    free(block);
    EXPECT((char *)sbrk(0) < block + MIB);
}

static const struct promise promises[] = {
    PROMISE(resizing_a_large_block_copies_nothing),
    PROMISE(a_large_aligned_block_goes_back_to_the_system),
    PROMISE(many_large_blocks_take_not_more_than_32000_mappings),
    PROMISE(new_memory_is_not_zeroed_again),
    PROMISE(freed_memory_goes_back_to_the_system),
    PROMISE(memory_freed_in_any_order_goes_back_to_the_system),
    PROMISE(a_size_that_was_freed_is_not_mapped_again),
    PROMISE(a_threshold_that_was_set_stays),
    PROMISE(a_child_uses_what_other_threads_of_its_parent_have_freed),
    PROMISE(a_child_with_threads_keeps_what_its_parent_has_freed),
    PROMISE(the_heap_grows_in_steps),
    PROMISE(the_heap_grows_although_the_break_is_blocked),
    PROMISE(the_end_of_the_heap_is_spared),
    PROMISE(blocks_that_are_freed_one_after_another_merge),
    PROMISE(the_last_64_KiB_of_address_space_can_be_allocated),
    PROMISE(what_was_freed_serves_large_requests_that_the_system_refuses),
    PROMISE(large_blocks_need_no_mincore),
    PROMISE(a_call_that_succeeds_leaves_errno_alone),
    PROMISE(a_large_block_is_resized_after_a_part_was_set_apart),
    PROMISE(a_large_block_at_the_end_of_the_heap_goes_back_to_the_system),
};

int main(int argc, char **argv)
{
    return check_promise(promises, sizeof(promises) / sizeof(promises[0]),
                         argc == 2 ? argv[1] : "");
}
