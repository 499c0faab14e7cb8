/* LD_PRELOAD for tests/e2e/power.test.mjs: what the program before it does to the files
 * under one directory is appended to a trace, with the data, in the order in which it was
 * done; lib/power.mjs makes from it what a disk may hold after the power went.
 *
 *   POWERLOG_DIR=/abs/dir POWERLOG_TRACE=file LD_PRELOAD=powerlog.so luotd ...
 *
 * A record is 32 bytes, numbers as the machine writes them, and its payload:
 *
 *   length:32 kind:16 saver:16 fd:32 zero:32 offset:64 monotonic ns:64   payload
 *
 * A record is written when its call has succeeded and before the program knows: one that
 * is not there was, for the program, not confirmed. One lock makes the order of the
 * records that of the calls; a sync holds it, so a traced program waits for itself more
 * often than it would.
 *
 * Stores through a mapping are not seen: SQLite maps its -shm only, which it makes anew
 * after a reboot. Whatever else would not be seen (a mapping of another file, a second
 * descriptor, a hard link) ends the program, so that no trace is silently incomplete. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FDS = 4096, PATH_LIMIT = 1024 };

enum kind {
    KIND_OPEN = 1, /* fd; offset 1: made, 2: cut to nothing; payload: path */
    KIND_WRITE,    /* fd, offset, payload                                   */
    KIND_TRUNCATE, /* fd, offset = new length                               */
    KIND_SYNC,     /* fd                                                    */
    KIND_SYNC_DIR, /* payload: path                                         */
    KIND_RENAME,   /* payload: from NUL to                                  */
    KIND_UNLINK,   /* payload: path                                         */
    KIND_MKDIR     /* payload: path                                         */
};

enum watched { WATCHED_NOT, WATCHED_FILE, WATCHED_DIR };

struct record {
    uint32_t length;
    uint16_t kind, saver; /* saver: by a thread of that name */
    int32_t fd;
    uint32_t zero;
    int64_t offset, ns;
};

static struct {
    pthread_mutex_t lock;
    char dir[PATH_LIMIT]; /* without a / at its end; "": nothing is traced */
    size_t length;
    int trace;
    unsigned char fd[FDS]; /* enum watched                      */
    char path[FDS][256];   /* of a watched one, below dir       */
} all = {.lock = PTHREAD_MUTEX_INITIALIZER, .trace = -1};

static void die(const char *what)
{
    dprintf(2, "powerlog: %s: the trace would be incomplete\n", what);
    abort();
}

__attribute__((constructor)) static void begin(void)
{
    const char *dir = getenv("POWERLOG_DIR"), *trace = getenv("POWERLOG_TRACE");

    if (dir == NULL || trace == NULL || strlen(dir) >= PATH_LIMIT)
        return;
    all.trace = (int)syscall(SYS_openat, AT_FDCWD, trace,
                             O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (all.trace < 0)
        die(trace);
    strcpy(all.dir, dir);
    all.length = strlen(dir);
}

/* The part of a path below our directory, "" for itself; NULL: it lies elsewhere. */
static const char *below(const char *path)
{
    if (all.length == 0 || strncmp(path, all.dir, all.length) != 0)
        return NULL;
    path += all.length;
    return *path == '\0' ? path : *path == '/' ? path + 1 : NULL;
}

static enum watched watched(int fd)
{
    return fd < 0 || fd >= FDS ? WATCHED_NOT : (enum watched)all.fd[fd];
}

static void say(enum kind kind, int fd, int64_t offset, const struct iovec *data, int n)
{
    struct iovec part[9];
    struct timespec now;
    struct record r = {.kind = (uint16_t)kind, .fd = fd, .offset = offset};
    char name[17] = "";
    ssize_t want = sizeof r;

    if (n > 8)
        die("many parts at once");
    (void)prctl(PR_GET_NAME, name);
    r.saver = strcmp(name, "saver") == 0;
    clock_gettime(CLOCK_MONOTONIC, &now);
    r.ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    part[0] = (struct iovec){&r, sizeof r};
    for (int i = 0; i < n; i++) {
        part[i + 1] = data[i];
        r.length += (uint32_t)data[i].iov_len;
    }
    want += r.length;
    if (syscall(SYS_writev, all.trace, part, n + 1) != want)
        die("the trace cannot be written");
}

static void say_path(enum kind kind, int fd, int64_t offset, const char *path)
{
    const struct iovec data = {(void *)(uintptr_t)path, strlen(path)};

    say(kind, fd, offset, &data, 1);
}

static void lock(void)
{
    pthread_mutex_lock(&all.lock);
}

/* errno as the real call left it. */
static void unlock(int error)
{
    pthread_mutex_unlock(&all.lock);
    errno = error;
}

/* --- Names --- */

static void opened(int fd, const char *path, int flags, bool there)
{
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return;
    if (fd >= FDS || strlen(path) >= sizeof all.path[0])
        die("a descriptor or a path is too large");
    all.fd[fd] = S_ISDIR(st.st_mode) ? WATCHED_DIR : WATCHED_FILE;
    strcpy(all.path[fd], path);
    if (S_ISREG(st.st_mode))
        say_path(KIND_OPEN, fd, !there ? 1 : (flags & O_TRUNC) != 0 ? 2 : 0, path);
}

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
    const char *name = below(path);
    int fd, error;

    if (name == NULL &&
        (path[0] == '/' || dir == AT_FDCWD || watched(dir) != WATCHED_DIR))
        return (int)syscall(SYS_openat, dir, path, flags, mode);
    if (name == NULL)
        die("openat in the directory");
    lock();
    struct stat st;
    bool there = stat(path, &st) == 0;
    fd = (int)syscall(SYS_openat, dir, path, flags, mode);
    error = errno;
    opened(fd, name, flags, there);
    unlock(error);
    return fd;
}

#define MODE_OF(flags, mode)                                                             \
    do {                                                                                 \
        va_list more;                                                                    \
        va_start(more, flags);                                                           \
        mode = ((flags) & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;      \
        va_end(more);                                                                    \
    } while (0)

int open(const char *path, int flags, ...)
{
    mode_t mode;

    MODE_OF(flags, mode);
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    mode_t mode;

    MODE_OF(flags, mode);
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
    mode_t mode;

    MODE_OF(flags, mode);
    return open_at(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...)
{
    mode_t mode;

    MODE_OF(flags, mode);
    return open_at(dir, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
    return open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

int close(int fd)
{
    int rv;

    lock();
    if (watched(fd) != WATCHED_NOT)
        all.fd[fd] = WATCHED_NOT;
    rv = (int)syscall(SYS_close, fd);
    unlock(errno);
    return rv;
}

int rename(const char *from, const char *to)
{
    const char *a = below(from), *b = below(to);
    int rv;

    if (a == NULL && b == NULL)
        return (int)syscall(SYS_rename, from, to);
    if (a == NULL || b == NULL)
        die("rename out of the directory, or into it");
    lock();
    rv = (int)syscall(SYS_rename, from, to);
    if (rv == 0) {
        const struct iovec names[] = {{(void *)(uintptr_t)a, strlen(a) + 1},
                                      {(void *)(uintptr_t)b, strlen(b)}};
        int saved = errno;
        say(KIND_RENAME, -1, 0, names, 2);
        errno = saved;
    }
    unlock(errno);
    return rv;
}

int unlink(const char *path)
{
    const char *name = below(path);
    int rv;

    if (name == NULL)
        return (int)syscall(SYS_unlink, path);
    lock();
    rv = (int)syscall(SYS_unlink, path);
    int error = errno;
    if (rv == 0)
        say_path(KIND_UNLINK, -1, 0, name);
    unlock(error);
    return rv;
}

int mkdir(const char *path, mode_t mode)
{
    const char *name = below(path);
    int rv;

    if (name == NULL)
        return (int)syscall(SYS_mkdir, path, mode);
    lock();
    rv = (int)syscall(SYS_mkdir, path, mode);
    int error = errno;
    if (rv == 0)
        say_path(KIND_MKDIR, -1, 0, name);
    unlock(error);
    return rv;
}

/* --- Bytes --- */

static ssize_t written(int fd, const struct iovec *part, int n, int64_t offset)
{
    ssize_t rv;

    if (watched(fd) != WATCHED_FILE)
        return offset < 0 ? syscall(SYS_writev, fd, part, n)
                          : syscall(SYS_pwritev, fd, part, n, offset, 0L);
    lock();
    if (offset < 0)
        offset = syscall(SYS_lseek, fd, 0L, SEEK_CUR);
    rv = syscall(SYS_pwritev, fd, part, n, offset, 0L);
    int error = errno;
    if (rv > 0) {
        struct iovec said[8];
        size_t left = (size_t)rv;
        if (n > 8)
            die("many parts at once");
        for (int i = 0; i < n; i++) { /* a short write is what was written */
            said[i] = part[i];
            said[i].iov_len = part[i].iov_len < left ? part[i].iov_len : left;
            left -= said[i].iov_len;
        }
        say(KIND_WRITE, fd, offset, said, n);
    }
    unlock(error);
    return rv;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    const struct iovec part = {(void *)(uintptr_t)bytes, n};
    ssize_t rv;

    if (watched(fd) != WATCHED_FILE)
        return syscall(SYS_write, fd, bytes, n);
    rv = written(fd, &part, 1, -1);
    if (rv > 0)
        syscall(SYS_lseek, fd, (long)rv, SEEK_CUR);
    return rv;
}

ssize_t writev(int fd, const struct iovec *part, int n)
{
    if (watched(fd) == WATCHED_FILE)
        die("writev");
    return syscall(SYS_writev, fd, part, n);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset)
{
    const struct iovec part = {(void *)(uintptr_t)bytes, n};

    return written(fd, &part, 1, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t offset)
{
    return pwrite(fd, bytes, n, offset);
}

ssize_t pwritev(int fd, const struct iovec *part, int n, off_t offset)
{
    return written(fd, part, n, offset);
}

int ftruncate(int fd, off_t length)
{
    int rv;

    if (watched(fd) != WATCHED_FILE)
        return (int)syscall(SYS_ftruncate, fd, length);
    lock();
    rv = (int)syscall(SYS_ftruncate, fd, length);
    int error = errno;
    if (rv == 0)
        say(KIND_TRUNCATE, fd, length, NULL, 0);
    unlock(error);
    return rv;
}

int ftruncate64(int fd, off64_t length)
{
    return ftruncate(fd, length);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
    if (watched(fd) == WATCHED_FILE)
        die("fallocate");
    return (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

int sync_file_range(int fd, off64_t offset, off64_t length, unsigned flags)
{
    if (watched(fd) == WATCHED_FILE)
        die("sync_file_range");
    return (int)syscall(SYS_sync_file_range, fd, offset, length, flags);
}

static int synced(int fd, long call)
{
    int rv, error;

    if (watched(fd) == WATCHED_NOT)
        return (int)syscall(call, fd);
    lock();
    rv = (int)syscall(call, fd);
    error = errno;
    if (rv == 0 && watched(fd) == WATCHED_DIR)
        say_path(KIND_SYNC_DIR, fd, 0, all.path[fd]);
    else if (rv == 0)
        say(KIND_SYNC, fd, 0, NULL, 0);
    unlock(error);
    return rv;
}

int fsync(int fd)
{
    return synced(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return synced(fd, SYS_fdatasync);
}

/* --- What would not be seen --- */

static bool is_shm(int fd)
{
    size_t n = strlen(all.path[fd]);

    return n > 4 && strcmp(all.path[fd] + n - 4, "-shm") == 0;
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
    if ((flags & MAP_ANONYMOUS) == 0 && (protection & PROT_WRITE) != 0 &&
        (flags & MAP_SHARED) != 0 && watched(fd) == WATCHED_FILE && !is_shm(fd))
        die("a mapping that can be written");
    return (void *)syscall(SYS_mmap, at, length, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t length, int protection, int flags, int fd, off64_t offset)
{
    return mmap(at, length, protection, flags, fd, offset);
}

int dup(int fd)
{
    if (watched(fd) != WATCHED_NOT)
        die("dup");
    return (int)syscall(SYS_dup, fd);
}

int link(const char *from, const char *to)
{
    if (below(from) != NULL || below(to) != NULL)
        die("link");
    return (int)syscall(SYS_link, from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    if (watched(from_dir) != WATCHED_NOT || watched(to_dir) != WATCHED_NOT ||
        below(from) != NULL || below(to) != NULL)
        die("renameat");
    return (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
}

int unlinkat(int dir, const char *path, int flags)
{
    if (watched(dir) != WATCHED_NOT || below(path) != NULL)
        die("unlinkat");
    return (int)syscall(SYS_unlinkat, dir, path, flags);
}
