/* SPDX-License-Identifier: MIT */
/*
 * family.cc - calls the whole malloc() family, and C++'s new and delete, with the library
 * preloaded: before main, in a thread, in a forked child, from a library opened at run time, and at
 * exit. Prints "ok", and "bye" at exit.
 */
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <malloc.h>
#include <map>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s, %d: %s\n", __FILE__, __LINE__, #condition);                       \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static std::vector<std::string> before_main(1000, std::string(100, 'x'));

struct AtExit {
    std::map<int, std::string> map;
    ~AtExit()
    {
        for (int i = 0; i < 1000; i++)
            map[i] = std::string(static_cast<size_t>(i), 'y');
        puts("bye");
    }
};
static AtExit at_exit;

static bool is_aligned(const void *ptr, size_t alignment)
{
    return ptr != nullptr && reinterpret_cast<uintptr_t>(ptr) % alignment == 0;
}

/* Hide the calls from the compiler, which knows malloc() and would remove some. */
static void *(*volatile call_malloc)(size_t) = malloc;
static void *(*volatile call_calloc)(size_t, size_t) = calloc;
static void *(*volatile call_realloc)(void *, size_t) = realloc;
static void *(*volatile call_reallocarray)(void *, size_t, size_t) = reallocarray;
static void *(*volatile call_aligned_alloc)(size_t, size_t) = aligned_alloc;

static void test_promises_of_libc()
{
    void *nothing = call_malloc(0);
    void *another = call_calloc(0, 5);

    EXPECT(nothing != nullptr && another != nullptr && nothing != another);
    free(nothing);
    free(another);
    for (size_t size = 1; size < 300000; size += size / 3 + 1) {
        char *ptr = static_cast<char *>(call_malloc(size));

        EXPECT(is_aligned(ptr, 16));
        EXPECT(malloc_usable_size(ptr) >= size);
        memset(ptr, 1, malloc_usable_size(ptr));
        ptr = static_cast<char *>(call_realloc(ptr, 2 * size));
        EXPECT(is_aligned(ptr, 16) && ptr[size - 1] == 1);
        free(ptr);
    }
    EXPECT(malloc_usable_size(nullptr) == 0);
    errno = 0;
    EXPECT(call_reallocarray(nullptr, SIZE_MAX / 2, 3) == nullptr && errno == ENOMEM);
    EXPECT(call_malloc(SIZE_MAX) == nullptr && call_calloc(SIZE_MAX, 2) == nullptr);
    EXPECT(call_malloc(SIZE_MAX / 4) == nullptr);
}

static void test_alignments()
{
    std::vector<void *> blocks;

    for (size_t alignment = 8; alignment <= 1 << 20; alignment *= 2)
        for (size_t size : {1, 100, 5000, 200000}) {
            void *ptr = nullptr;

            EXPECT(posix_memalign(&ptr, alignment, size) == 0 && is_aligned(ptr, alignment));
            memset(ptr, 7, size);
            blocks.push_back(ptr);
            ptr = memalign(alignment, size);
            EXPECT(is_aligned(ptr, alignment));
            memset(ptr, 7, size);
            blocks.push_back(ptr);
            ptr = call_aligned_alloc(alignment, size);
            EXPECT(is_aligned(ptr, alignment));
            ptr = call_realloc(ptr, 3 * size);
            EXPECT(ptr != nullptr);
            blocks.push_back(ptr);
        }
    blocks.push_back(valloc(10));
    EXPECT(is_aligned(blocks.back(), 4096));
    blocks.push_back(pvalloc(10));
    EXPECT(is_aligned(blocks.back(), 4096) && malloc_usable_size(blocks.back()) >= 4096);
    for (void *block : blocks)
        free(block);

    void *untouched = &blocks;
    EXPECT(posix_memalign(&untouched, 24, 8) == EINVAL && untouched == &blocks);
    EXPECT(posix_memalign(&untouched, 1UL << 62, 8) == ENOMEM && untouched == &blocks);
}

static void use_the_heap()
{
    std::map<int, std::unique_ptr<std::string>> map;

    for (int i = 0; i < 20000; i++)
        map[i * 7919 % 5003] = std::make_unique<std::string>(static_cast<size_t>(i % 300), 'z');
    struct alignas(64) Wide {
        char bytes[192];
    };
    std::vector<Wide> wide(100);
    EXPECT(is_aligned(wide.data(), 64));
}

static void test_children_among_threads()
{
    std::vector<std::thread> threads;

    for (int i = 0; i < 4; i++)
        threads.emplace_back(use_the_heap);
    for (int i = 0; i < 10; i++) {
        int status;
        pid_t child = fork();

        if (child == 0) {
            use_the_heap();
            _exit(0);
        }
        EXPECT(waitpid(child, &status, 0) == child && status == 0);
    }
    for (std::thread &thread : threads)
        thread.join();
}

int main()
{
    EXPECT(before_main[999] == std::string(100, 'x'));
    EXPECT(dlsym(RTLD_DEFAULT, "os_malloc") != nullptr); /* it is preloaded */
    test_promises_of_libc();
    test_alignments();
    use_the_heap();
    test_children_among_threads();

    void *library = dlopen("libz.so.1", RTLD_NOW);
    if (library != nullptr) {
        auto bound =
            reinterpret_cast<unsigned long (*)(unsigned long)>(dlsym(library, "compressBound"));
        auto pack = reinterpret_cast<int (*)(char *, unsigned long *, const char *, unsigned long)>(
            dlsym(library, "compress"));
        unsigned long length = bound(100000);
        std::vector<char> packed(length), text(100000, 'a');

        EXPECT(pack(packed.data(), &length, text.data(), text.size()) == 0);
        dlclose(library);
    }
    puts("ok");
    return 0;
}
