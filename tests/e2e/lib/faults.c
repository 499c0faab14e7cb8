/* LD_PRELOAD for tests/e2e/damage.test.mjs: a disk that says no.
 *
 *   FAULTS_DIR=/abs/dir FAULTS_ERRNO=28 FAULTS_CALL=write FAULTS_AT=7 LD_PRELOAD=faults.so luotd
 *
 * The 7th write to a file below FAULTS_DIR fails with ENOSPC, and none after it; with
 * FAULTS_WHILE=/abs/file every one does while that file is there. FAULTS_CALL is write
 * (any of them), read, sync, truncate, fallocate, rename, open (of a file to be made), map
 * or any: all of them. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    const char *dir, *call, *flag;
    int error;
    long at; /* 0: never */
    _Atomic long calls;
} all;

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("FAULTS_AT"), *error = getenv("FAULTS_ERRNO");

    all.call = getenv("FAULTS_CALL");
    all.flag = getenv("FAULTS_WHILE");
    all.at = at == NULL ? 0 : atol(at);
    all.error = error == NULL ? EIO : atoi(error);
    all.dir = getenv("FAULTS_DIR");
}

static bool is_due(const char *call)
{
    if (all.call == NULL || (strcmp(all.call, call) != 0 && strcmp(all.call, "any") != 0))
        return false;
    if (all.flag != NULL)
        return syscall(SYS_faccessat, AT_FDCWD, all.flag, F_OK) == 0;
    return all.at != 0 && atomic_fetch_add(&all.calls, 1) + 1 == all.at;
}

static bool is_below(const char *path)
{
    return all.dir != NULL && strncmp(path, all.dir, strlen(all.dir)) == 0;
}

static bool fails_at(const char *path, const char *call)
{
    int before = errno;
    bool fails = is_below(path) && is_due(call);

    errno = fails ? all.error : before;
    return fails;
}

static bool fails(int fd, const char *call)
{
    int before = errno;
    char link[40], path[4096];
    ssize_t n;

    if (all.dir == NULL || fd < 0)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    errno = before;
    path[n > 0 ? n : 0] = '\0';
    return fails_at(path, call);
}

#define CALL(type, name, kind, number, parameters, fd, ...)                              \
    type name parameters                                                                 \
    {                                                                                    \
        return fails(fd, kind) ? (type)-1 : (type)syscall(number, fd, ##__VA_ARGS__);    \
    }

CALL(ssize_t, write, "write", SYS_write, (int fd, const void *bytes, size_t n), fd, bytes,
     n)
CALL(ssize_t, pwrite, "write", SYS_pwrite64,
     (int fd, const void *bytes, size_t n, off_t at), fd, bytes, n, at)
CALL(ssize_t, pwrite64, "write", SYS_pwrite64,
     (int fd, const void *bytes, size_t n, off64_t at), fd, bytes, n, at)
CALL(ssize_t, read, "read", SYS_read, (int fd, void *bytes, size_t n), fd, bytes, n)
CALL(ssize_t, pread, "read", SYS_pread64, (int fd, void *bytes, size_t n, off_t at), fd,
     bytes, n, at)
CALL(ssize_t, pread64, "read", SYS_pread64, (int fd, void *bytes, size_t n, off64_t at),
     fd, bytes, n, at)
CALL(int, fsync, "sync", SYS_fsync, (int fd), fd)
CALL(int, fdatasync, "sync", SYS_fdatasync, (int fd), fd)
CALL(int, ftruncate, "truncate", SYS_ftruncate, (int fd, off_t n), fd, n)
CALL(int, ftruncate64, "truncate", SYS_ftruncate, (int fd, off64_t n), fd, n)
CALL(int, fallocate, "fallocate", SYS_fallocate, (int fd, int mode, off_t at, off_t n),
     fd, mode, at, n)

int posix_fallocate(int fd, off_t at, off_t n)
{
    return fails(fd, "fallocate")                      ? all.error
           : syscall(SYS_fallocate, fd, 0, at, n) == 0 ? 0
                                                       : errno;
}

int posix_fallocate64(int fd, off64_t at, off64_t n)
{
    return posix_fallocate(fd, at, n);
}

int rename(const char *from, const char *to)
{
    return fails_at(from, "rename")
               ? -1
               : (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int renameat(int from_dir, const char *from, int dir, const char *to)
{
    return fails(from_dir, "rename")
               ? -1
               : (int)syscall(SYS_renameat, from_dir, from, dir, to);
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    return fails(fd, "map")
               ? MAP_FAILED
               : (void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t n, int protection, int flags, int fd, off64_t offset)
{
    return mmap(at, n, protection, flags, fd, offset);
}

static mode_t mode_of(int flags, va_list rest)
{
    return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
}

static int open_in(int dir, const char *path, int flags, mode_t mode)
{
    if ((flags & O_CREAT) != 0 &&
        (path[0] == '/' ? fails_at(path, "open") : fails(dir, "open")))
        return -1;
    return (int)syscall(SYS_openat, dir, path, flags, mode);
}

#define OPEN(name, dir, first)                                                           \
    int name(first const char *path, int flags, ...)                                     \
    {                                                                                    \
        va_list rest;                                                                    \
        mode_t mode;                                                                     \
                                                                                         \
        va_start(rest, flags);                                                           \
        mode = mode_of(flags, rest);                                                     \
        va_end(rest);                                                                    \
        return open_in(dir, path, flags, mode);                                          \
    }
#define NOTHING
#define COMMA ,
OPEN(open, AT_FDCWD, NOTHING)
OPEN(open64, AT_FDCWD, NOTHING)
OPEN(openat, at, int at COMMA)
