/* LD_PRELOAD for bench/bench_store.mjs: how long the turns of luotd's loops are.
 *
 *   TURNS_FILE=/abs/file [SYNC_MS=500] LD_PRELOAD=turns.so luotd ...
 *
 * A turn is from the return of epoll_pwait to the thread's next call of it. For each
 * thread that waits so, the file has a row of uint64: thread id, turns, the longest in
 * ns of the wall clock, the longest in ns of the thread's own CPU (which other work on
 * the core is not in). SYNC_MS: each fsync and fdatasync takes so much longer. Costs
 * luotd two vdso clocks and one system call a turn, the same with every store. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 64 };

struct row {
    _Atomic uint64_t thread, turns, wall_ns, cpu_ns;
};

static struct row *rows;
static atomic_uint taken;
static long sync_ms;
static _Thread_local struct row *mine;
static _Thread_local uint64_t wall_at, cpu_at;

__attribute__((constructor)) static void start(void)
{
    const char *file = getenv("TURNS_FILE"), *ms = getenv("SYNC_MS");
    int fd = file != NULL ? open(file, O_RDWR | O_CLOEXEC) : -1;
    void *at = fd < 0 ? MAP_FAILED
                      : mmap(NULL, ROWS * sizeof(struct row), PROT_READ | PROT_WRITE,
                             MAP_SHARED, fd, 0);

    if (at == MAP_FAILED)
        abort(); /* a bench that would measure nothing */
    close(fd);
    rows = at;
    sync_ms = ms != NULL ? strtol(ms, NULL, 10) : 0;
}

static uint64_t ns_of(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void raise_to(_Atomic uint64_t *most, uint64_t ns)
{
    if (ns > atomic_load_explicit(most, memory_order_relaxed))
        atomic_store_explicit(most, ns, memory_order_relaxed);
}

/* The thread is about to wait: its turn is over. */
static void end_turn(void)
{
    if (mine == NULL) {
        unsigned i = atomic_fetch_add(&taken, 1);
        mine = &rows[i < ROWS ? i : ROWS - 1];
        atomic_store(&mine->thread, (uint64_t)gettid());
        return;
    }
    raise_to(&mine->wall_ns, ns_of(CLOCK_MONOTONIC) - wall_at);
    raise_to(&mine->cpu_ns, ns_of(CLOCK_THREAD_CPUTIME_ID) - cpu_at);
    atomic_fetch_add_explicit(&mine->turns, 1, memory_order_relaxed);
}

static void begin_turn(void)
{
    cpu_at = ns_of(CLOCK_THREAD_CPUTIME_ID);
    wall_at = ns_of(CLOCK_MONOTONIC);
}

int epoll_pwait(int fd, struct epoll_event *events, int most, int timeout,
                const sigset_t *mask)
{
    __typeof__(&epoll_pwait) next =
        (__typeof__(&epoll_pwait))dlsym(RTLD_NEXT, "epoll_pwait");
    int n;

    end_turn();
    n = next(fd, events, most, timeout, mask);
    begin_turn();
    return n;
}

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout)
{
    return epoll_pwait(fd, events, most, timeout, NULL);
}

static void be_slow(void)
{
    struct timespec t = {.tv_sec = sync_ms / 1000, .tv_nsec = sync_ms % 1000 * 1000000};

    if (sync_ms > 0)
        nanosleep(&t, NULL);
}

int fsync(int fd)
{
    be_slow();
    return ((__typeof__(&fsync))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd)
{
    be_slow();
    return ((__typeof__(&fdatasync))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
