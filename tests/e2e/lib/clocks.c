/* LD_PRELOAD for tests/e2e/clock.test.mjs: the machine's clocks, as a test sets them.
 *
 *   CLOCKS_FILE=/abs/file LD_PRELOAD=clocks.so luotd ...
 *
 * The file holds two little-endian int64: nanoseconds to add to CLOCK_REALTIME, and to
 * CLOCK_BOOTTIME. Who sets the wall clock changes the first; a suspend changes both by as
 * much, and CLOCK_MONOTONIC, which waits are made of, is left alone. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { WALL, BOOT, CLOCKS };

typedef int clock_gettime_fn(clockid_t, struct timespec *);

static clock_gettime_fn *next;
static const _Atomic int64_t *added;

__attribute__((constructor)) static void start(void)
{
    const char *file = getenv("CLOCKS_FILE");
    int fd = file != NULL ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    void *at = fd >= 0
                   ? mmap(NULL, CLOCKS * sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0)
                   : MAP_FAILED;

    next = (clock_gettime_fn *)dlsym(RTLD_NEXT, "clock_gettime");
    if (fd >= 0)
        close(fd);
    if (at == MAP_FAILED)
        abort(); /* a test that would test nothing */
    added = at;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    int64_t ns;
    int rv;

    if (next == NULL) /* before our constructor */
        next = (clock_gettime_fn *)dlsym(RTLD_NEXT, "clock_gettime");
    rv = next(id, t);
    if (rv != 0 || added == NULL || (id != CLOCK_REALTIME && id != CLOCK_BOOTTIME))
        return rv;
    ns = (int64_t)t->tv_sec * 1000000000 + t->tv_nsec +
         atomic_load_explicit(&added[id == CLOCK_REALTIME ? WALL : BOOT],
                              memory_order_relaxed);
    t->tv_sec = ns / 1000000000 - (ns % 1000000000 < 0);
    t->tv_nsec = ns - (int64_t)t->tv_sec * 1000000000;
    return 0;
}

/* log.c and others may ask this way: the same clock. */
time_t time(time_t *ret)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    if (ret != NULL)
        *ret = t.tv_sec;
    return t.tv_sec;
}
