// SPDX-License-Identifier: MIT
//
// own_delete.cc - a library with operators of its own, for a program that has none.
#include <cstddef>

static char objects[1000];
static std::size_t used;
static int deleted;

void *operator new(std::size_t size)
{
    void *object = objects + used;

    used += (size + 15) & -std::size_t(16);
    return object;
}

void operator delete(void *) noexcept
{
    deleted++;
}

void operator delete(void *, std::size_t) noexcept
{
    deleted++;
}

struct number {
    long value;

    ~number()
    {
        value = 0;
    }
};

extern "C" int delete_some()
{
    for (long i = 0; i < 10; i++)
        delete new number{i};
    return deleted;
}
