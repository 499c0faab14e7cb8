/* LD_PRELOAD for tests/e2e/kill.test.mjs: kill -9 inside what a thread does, at its n-th
 * call of the system and so at a place that a random time would seldom meet.
 *
 *   KILLAT_THREAD=saver KILLAT_CALL=17 LD_PRELOAD=killat.so luotd ...
 *
 * The thread is found by its name, the main thread's is the program's; the calls counted
 * are those that change or read what outlives the process: files, mappings, sockets. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    char thread[17];
    long call; /* 0: nobody is killed */
    _Atomic long calls;
} all;

__attribute__((constructor)) static void begin(void)
{
    const char *thread = getenv("KILLAT_THREAD"), *call = getenv("KILLAT_CALL");

    if (thread == NULL || call == NULL)
        return;
    strncpy(all.thread, thread, sizeof all.thread - 1);
    all.call = atol(call);
}

static void step(void)
{
    char name[17] = "";

    if (all.call == 0 || prctl(PR_GET_NAME, name) != 0 || strcmp(name, all.thread) != 0)
        return;
    if (atomic_fetch_add(&all.calls, 1) + 1 == all.call)
        (void)syscall(SYS_kill, getpid(), SIGKILL);
}

#define CALL(type, name, number, parameters, ...)                                        \
    type name parameters                                                                 \
    {                                                                                    \
        step();                                                                          \
        return (type)syscall(number, __VA_ARGS__);                                       \
    }

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
    step();
    return (int)syscall(SYS_openat, dir, path, flags, mode);
}

static mode_t mode_of(int flags, va_list more)
{
    return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list more;
    mode_t mode;

    va_start(more, flags);
    mode = mode_of(flags, more);
    va_end(more);
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list more;
    mode_t mode;

    va_start(more, flags);
    mode = mode_of(flags, more);
    va_end(more);
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
    va_list more;
    mode_t mode;

    va_start(more, flags);
    mode = mode_of(flags, more);
    va_end(more);
    return open_at(dir, path, flags, mode);
}

/* Files. */
CALL(ssize_t, write, SYS_write, (int fd, const void *bytes, size_t n), fd, bytes, n)
CALL(ssize_t, pwrite, SYS_pwrite64, (int fd, const void *bytes, size_t n, off_t at), fd,
     bytes, n, at)
CALL(ssize_t, pwrite64, SYS_pwrite64, (int fd, const void *bytes, size_t n, off64_t at),
     fd, bytes, n, at)
CALL(ssize_t, pread, SYS_pread64, (int fd, void *bytes, size_t n, off_t at), fd, bytes, n,
     at)
CALL(ssize_t, pread64, SYS_pread64, (int fd, void *bytes, size_t n, off64_t at), fd,
     bytes, n, at)
CALL(int, fsync, SYS_fsync, (int fd), fd)
CALL(int, fdatasync, SYS_fdatasync, (int fd), fd)
CALL(int, ftruncate, SYS_ftruncate, (int fd, off_t length), fd, length)
CALL(int, ftruncate64, SYS_ftruncate, (int fd, off64_t length), fd, length)
CALL(int, fallocate, SYS_fallocate, (int fd, int mode, off_t at, off_t length), fd, mode,
     at, length)
CALL(int, rename, SYS_rename, (const char *from, const char *to), from, to)
CALL(int, renameat, SYS_renameat,
     (int from_dir, const char *from, int dir, const char *to), from_dir, from, dir, to)
CALL(int, unlink, SYS_unlink, (const char *path), path)
CALL(int, unlinkat, SYS_unlinkat, (int dir, const char *path, int flags), dir, path,
     flags)
CALL(int, close, SYS_close, (int fd), fd)

/* Mappings. */
CALL(void *, mmap, SYS_mmap,
     (void *at, size_t length, int protection, int flags, int fd, off_t offset), at,
     length, protection, flags, fd, offset)
CALL(void *, mmap64, SYS_mmap,
     (void *at, size_t length, int protection, int flags, int fd, off64_t offset), at,
     length, protection, flags, fd, offset)

/* Sockets. */
CALL(ssize_t, send, SYS_sendto, (int fd, const void *bytes, size_t n, int flags), fd,
     bytes, n, flags, NULL, 0)
CALL(ssize_t, recv, SYS_recvfrom, (int fd, void *bytes, size_t n, int flags), fd, bytes,
     n, flags, NULL, NULL)
CALL(int, poll, SYS_poll, (struct pollfd * fds, nfds_t n, int timeout), fds, n, timeout)
CALL(int, bind, SYS_bind, (int fd, const struct sockaddr *address, socklen_t length), fd,
     address, length)
CALL(int, listen, SYS_listen, (int fd, int backlog), fd, backlog)
