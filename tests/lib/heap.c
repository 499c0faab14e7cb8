#include "lib/heap.h"

#include <stdatomic.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void __real_free(void *at);

static atomic_bool watched;
static atomic_uint asked;

void heap_watch(bool on)
{
    atomic_store(&watched, on);
}

unsigned heap_asked(void)
{
    return atomic_load(&asked);
}

static void count_it(void)
{
    if (atomic_load(&watched))
        atomic_fetch_add(&asked, 1);
}

void *__wrap_malloc(size_t size)
{
    count_it();
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    count_it();
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *at, size_t size)
{
    count_it();
    return __real_realloc(at, size);
}

void __wrap_free(void *at)
{
    count_it();
    __real_free(at);
}
