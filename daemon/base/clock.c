#include "base/clock.h"

#include <endian.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

enum {
    FOLLOW_MS = 2000, /* a difference up to this is followed at once             */
    AGREEING = 3,     /* ticks that must see the same step before it is taken    */
    STALL_MS = 5      /* two readings further apart than this say nothing at all */
};

static int64_t read_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int map_file(const _Atomic int64_t **ret_ms, const char *file)
{
    struct stat st;
    void *at = MAP_FAILED;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    if (fstat(fd, &st) == 0 && st.st_size >= (off_t)sizeof(int64_t))
        at = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (at == MAP_FAILED)
        return ERR_IO;
    *ret_ms = at;
    return 0;
}

int clock_init(struct clock *c, const char *file)
{
    const _Atomic int64_t *file_ms = NULL;
    if (file != NULL && map_file(&file_ms, file) != 0)
        return ERR_IO;
    *c = (struct clock){.file_ms = file_ms};
    atomic_store_explicit(&c->offset_ms,
                          read_ms(CLOCK_REALTIME) - read_ms(CLOCK_BOOTTIME),
                          memory_order_relaxed);
    return 0;
}

void clock_release(struct clock *c)
{
    if (c->file_ms != NULL)
        munmap((void *)(uintptr_t)c->file_ms, sizeof(int64_t));
    c->file_ms = NULL;
}

struct instant clock_now(const struct clock *c)
{
    /* Relaxed: a number on its own; nothing else is read on the strength of it. */
    if (c->file_ms != NULL)
        return (struct instant){(int64_t)le64toh(
            (uint64_t)atomic_load_explicit(c->file_ms, memory_order_relaxed))};
    return (struct instant){read_ms(CLOCK_BOOTTIME) +
                            atomic_load_explicit(&c->offset_ms, memory_order_relaxed)};
}

int64_t clock_tick(struct clock *c)
{
    if (c->file_ms != NULL)
        return 0;
    int64_t before = read_ms(CLOCK_BOOTTIME);
    int64_t wall = read_ms(CLOCK_REALTIME);
    int64_t after = read_ms(CLOCK_BOOTTIME);
    if (after - before > STALL_MS)
        return 0; /* we were put aside between the readings: the next tick will see */
    return clock_follow(c, before, wall);
}

static bool is_near(int64_t a, int64_t b)
{
    int64_t apart;
    return !__builtin_sub_overflow(a, b, &apart) && apart >= -FOLLOW_MS &&
           apart <= FOLLOW_MS;
}

int64_t clock_follow(struct clock *c, int64_t boot_ms, int64_t wall_ms)
{
    int64_t seen = wall_ms - boot_ms;
    /* Only the keeper writes, so load and store need not be one step. */
    int64_t ours = atomic_load_explicit(&c->offset_ms, memory_order_relaxed);
    if (is_near(seen, ours)) {
        atomic_store_explicit(&c->offset_ms, seen, memory_order_relaxed);
        c->agreeing = 0;
        return 0;
    }
    c->agreeing = c->agreeing > 0 && is_near(seen, c->pending_ms) ? c->agreeing + 1 : 1;
    c->pending_ms = seen;
    if (c->agreeing < AGREEING)
        return 0;
    c->agreeing = 0;
    atomic_store_explicit(&c->offset_ms, seen, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->steps, 1, memory_order_relaxed);
    return seen - ours;
}

bool clock_is_stepped(const struct clock *c)
{
    return c->file_ms != NULL;
}
