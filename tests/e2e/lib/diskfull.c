/* LD_PRELOAD for tests/e2e/night.test.mjs: a disk that is full while a file says so.
 *
 *   DISKFULL_DIR=/abs/dir DISKFULL_WHILE=/abs/file LD_PRELOAD=diskfull.so luotd ...
 *
 * While the file DISKFULL_WHILE is there, whatever would need room on a file below
 * DISKFULL_DIR (a write, a longer file, a new file) fails with ENOSPC. Reads, and what
 * gives room back, go on, as on a real disk. What is asked costs an access(2) and a
 * readlink(2) a call: the store's thread does it, no worker. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static bool is_full(void)
{
    const char *flag = getenv("DISKFULL_WHILE");
    return flag != NULL && faccessat(AT_FDCWD, flag, F_OK, 0) == 0;
}

static bool is_below(const char *path)
{
    const char *dir = getenv("DISKFULL_DIR");
    return dir != NULL && strncmp(path, dir, strlen(dir)) == 0;
}

static bool refuses(int fd)
{
    int before = errno;
    char link[40], path[4096];
    ssize_t n;
    bool refused = false;

    if (is_full()) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        n = readlink(link, path, sizeof path - 1);
        path[n > 0 ? n : 0] = '\0';
        refused = is_below(path);
    }
    errno = refused ? ENOSPC : before;
    return refused;
}

static bool refuses_new(const char *path, int flags)
{
    int before = errno;
    bool refused = (flags & O_CREAT) != 0 && is_below(path) && is_full() &&
                   faccessat(AT_FDCWD, path, F_OK, 0) != 0;

    errno = refused ? ENOSPC : before;
    return refused;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    return refuses(fd) ? -1 : NEXT(write)(fd, bytes, n);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    return refuses(fd) ? -1 : NEXT(pwrite)(fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    return refuses(fd) ? -1 : NEXT(pwrite64)(fd, bytes, n, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return refuses(fd) ? -1 : NEXT(writev)(fd, parts, count);
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
    return refuses(fd) ? -1 : NEXT(fallocate)(fd, mode, at, n);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
    return refuses(fd) ? ENOSPC : NEXT(posix_fallocate)(fd, at, n);
}

/* A file that becomes longer is a hole at first, but what follows is written into it. */
int ftruncate(int fd, off_t n)
{
    off_t is = lseek(fd, 0, SEEK_END);
    return n > is && refuses(fd) ? -1 : NEXT(ftruncate)(fd, n);
}

int ftruncate64(int fd, off64_t n)
{
    return ftruncate(fd, (off_t)n);
}

static mode_t mode_of(int flags, va_list rest)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    mode_t mode;

    va_start(rest, flags);
    mode = mode_of(flags, rest);
    va_end(rest);
    return refuses_new(path, flags) ? -1 : NEXT(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    mode_t mode;

    va_start(rest, flags);
    mode = mode_of(flags, rest);
    va_end(rest);
    return refuses_new(path, flags) ? -1 : NEXT(open64)(path, flags, mode);
}
