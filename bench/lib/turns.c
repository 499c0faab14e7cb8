/* LD_PRELOAD for bench/bench_store.mjs: how long the turns of luotd's loops are.
 *
 *   TURNS_FILE=/abs/file [SYNC_MS=500] [SEED=1] LD_PRELOAD=turns.so luotd ...
 *
 * A turn is from the return of epoll_pwait to the thread's next call of it. For each
 * thread that waits so, the file has a row of uint64: thread id, turns, the longest in
 * ns of the wall clock, the longest in ns of the thread's own CPU (which other work on
 * the core is not in). SYNC_MS: each fsync and fdatasync takes so much longer. SEED: keys
 * that are random follow from it, so that in the tables who shares a place with whom does
 * not differ. Costs luotd two vdso clocks and one system call a turn, the same with every
 * store. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 64, LENGTHS = 4096 };

struct row {
    _Atomic uint64_t thread, turns, wall_ns, cpu_ns;
};

static struct row *rows;
static atomic_uint taken;
static long sync_ms;
static uint64_t seed;
static atomic_uint drawn[LENGTHS]; /* of each length */
static _Thread_local struct row *mine;
static _Thread_local uint64_t wall_at, cpu_at;

void randombytes_buf(void *to, size_t length);

__attribute__((constructor)) static void start(void)
{
    const char *file = getenv("TURNS_FILE"), *ms = getenv("SYNC_MS"),
               *number = getenv("SEED");
    int fd = file != NULL ? open(file, O_RDWR | O_CLOEXEC) : -1;
    void *at = fd < 0 ? MAP_FAILED
                      : mmap(NULL, ROWS * sizeof(struct row), PROT_READ | PROT_WRITE,
                             MAP_SHARED, fd, 0);

    if (at == MAP_FAILED)
        abort(); /* a bench that would measure nothing */
    close(fd);
    rows = at;
    sync_ms = ms != NULL ? strtol(ms, NULL, 10) : 0;
    seed = number != NULL ? strtoull(number, NULL, 10) : 0;
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

static uint64_t mixed(uint64_t z) /* splitmix64 */
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* libsodium's. The n-th of a length is the same whatever others are drawn in between. */
void randombytes_buf(void *to, size_t length)
{
    uint8_t *byte = to;
    uint64_t at;

    if (seed == 0) {
        ((__typeof__(&randombytes_buf))dlsym(RTLD_NEXT, "randombytes_buf"))(to, length);
        return;
    }
    at = mixed(mixed(seed) ^ (uint64_t)length << 32 ^
               atomic_fetch_add(&drawn[length % LENGTHS], 1));
    for (size_t i = 0; i < length; i++)
        byte[i] = (uint8_t)mixed(at + i * 0x9e3779b97f4a7c15);
}
