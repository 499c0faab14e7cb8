#include "base/arena_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define FILE_NAME "arena"
#define NEW_NAME  "arena.new" /* while it is built, under the directory's lock */

enum { BAD_NAME_MAX = 48, BAD_NAMES_A_SECOND = 100 };

int arena_say(struct arena_opening *o, int code, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    (void)vsnprintf(o->report->sentence, sizeof o->report->sentence, format, list);
    va_end(list);
    return code;
}

bool arena_file_read_header(int fd, struct arena_header *ret_header)
{
    return pread(fd, ret_header, sizeof *ret_header, 0) == (ssize_t)sizeof *ret_header;
}

static int denied_or_io(int errno_value)
{
    bool denied = errno_value == EISDIR || errno_value == ENXIO; /* a socket is ENXIO */

    return denied || error_from_errno(errno_value) == ERR_DENIED ? ERR_DENIED : ERR_IO;
}

int arena_file_open(struct arena_opening *o)
{
    struct stat st;
    int fd = openat(o->dir_fd, FILE_NAME, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 && errno == ENOENT)
        return ERR_NOT_FOUND;
    if (fd < 0 && errno == ELOOP)
        return arena_say(o, ERR_DENIED, "%s/" FILE_NAME " is a symbolic link: remove it",
                         o->dir);
    if (fd < 0)
        return arena_say(o, denied_or_io(errno), "%s/" FILE_NAME " cannot be opened: %s",
                         o->dir, strerror(errno));
    o->a->fd = fd;
    if (fstat(fd, &st) != 0)
        return arena_say(o, ERR_IO, "%s/" FILE_NAME ": %s", o->dir, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return arena_say(o, ERR_DENIED,
                         "%s/" FILE_NAME " is not a regular file: remove it", o->dir);
    if (st.st_uid != geteuid())
        return arena_say(o, ERR_DENIED,
                         "%s/" FILE_NAME
                         " belongs to user %u and we are user %u: start luotd as that "
                         "user, or remove the file",
                         o->dir, (unsigned)st.st_uid, (unsigned)geteuid());
    if ((st.st_mode & 07777) != 0600)
        return arena_say(o, ERR_DENIED,
                         "%s/" FILE_NAME
                         " has mode %04o and must have 0600, because it holds keys: "
                         "chmod or remove it",
                         o->dir, (unsigned)(st.st_mode & 07777));
    o->a->bytes = (size_t)st.st_size;
    return 0;
}

int arena_file_lock(struct arena_opening *o)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct arena_header header;
    uint64_t pid = 0;

    if (fcntl(o->a->fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    if (errno != EAGAIN && errno != EACCES)
        return arena_say(o, ERR_IO, "%s/" FILE_NAME " cannot be locked: %s", o->dir,
                         strerror(errno));
    if (arena_file_read_header(o->a->fd, &header) &&
        arena_word_read(&header, ARENA_PID, &pid))
        o->report->holder_pid = (int)pid;
    return arena_say(o, ERR_IN_USE,
                     "%s/" FILE_NAME
                     " is held by process %d: stop that luotd, or give this one another "
                     "run_dir",
                     o->dir, o->report->holder_pid);
}

int arena_file_make(struct arena_opening *o)
{
    struct arena *a = o->a;

    (void)unlinkat(o->dir_fd, NEW_NAME, 0); /* of a start that was killed */
    a->fd = openat(o->dir_fd, NEW_NAME,
                   O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (a->fd < 0 || fchmod(a->fd, 0600) != 0)
        return arena_say(
            o, errno == ENOSPC ? ERR_NOSPACE : denied_or_io(errno),
            "no file can be made in %s: %s; set run_dir to a directory that user %u may "
            "write to",
            o->dir, strerror(errno), (unsigned)geteuid());
    return arena_file_lock(o);
}

int arena_file_publish(struct arena_opening *o)
{
    if (renameat(o->dir_fd, NEW_NAME, o->dir_fd, FILE_NAME) != 0)
        return arena_say(o, ERR_IO, "%s/" NEW_NAME " cannot be renamed: %s", o->dir,
                         strerror(errno));
    return 0;
}

void arena_file_unmake(struct arena_opening *o)
{
    arena_file_drop(o->a);
    (void)unlinkat(o->dir_fd, NEW_NAME, 0);
}

/* Over RLIMIT_FSIZE the kernel would not return an error but send SIGXFSZ: ask first. */
int arena_file_set_length(struct arena_opening *o, uint64_t ranges)
{
    struct arena *a = o->a;
    uint64_t bytes = arena_file_bytes(&a->layout, ranges);
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < bytes)
        return arena_say(
            o, ERR_NOSPACE,
            "the arena needs a (sparse) file of %llu MiB and the limit on file sizes is "
            "%llu MiB: raise it (ulimit -f, LimitFSIZE=) or lower sites_max",
            (unsigned long long)(bytes >> 20),
            (unsigned long long)(limit.rlim_cur >> 20));
    if (ftruncate(a->fd, (off_t)bytes) != 0)
        return arena_say(o, errno == EFBIG || errno == ENOSPC ? ERR_NOSPACE : ERR_IO,
                         "%s/" FILE_NAME
                         " cannot be made %llu MiB long: %s; set run_dir to a directory "
                         "on tmpfs or lower sites_max",
                         o->dir, (unsigned long long)(bytes >> 20), strerror(errno));
    a->bytes = bytes;
    a->ranges = ranges;
    return 0;
}

int arena_file_back(const struct arena *a, uint64_t offset, uint64_t length)
{
    while (a->calls->fallocate(a->fd, 0, (off_t)offset, (off_t)length) != 0) {
        if (errno == EINTR)
            continue;
        /* ENOMEM: a memory limit, which is what is full then. */
        return errno == ENOSPC || errno == EDQUOT || errno == ENOMEM || errno == EFBIG
                   ? ERR_NOSPACE
                   : ERR_IO;
    }
    return 0;
}

int arena_file_back_head(struct arena_opening *o)
{
    const struct arena *a = o->a;
    uint64_t bytes = ARENA_HEADER_BYTES + a->layout.head_bytes;
    int rv = arena_file_back(a, 0, bytes);

    if (rv == ERR_NOSPACE)
        return arena_say(
            o, rv,
            "no room in %s (%s) for the %llu KiB that the arena begins with: free some, "
            "make the file system larger, or set run_dir to another one",
            o->dir, a->fs_name, (unsigned long long)(bytes / 1024));
    if (rv != 0)
        return arena_say(
            o, rv,
            "the file system of %s (%s) cannot reserve room for the arena (%s): set "
            "run_dir to a directory on tmpfs",
            o->dir, a->fs_name, strerror(errno));
    return 0;
}

int arena_file_map(struct arena_opening *o)
{
    struct arena *a = o->a;
    void *at = mmap(NULL, a->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                    a->fd, 0);

    if (at == MAP_FAILED)
        return arena_say(
            o, errno == ENOMEM ? ERR_NOMEM : ERR_IO,
            "the arena's %zu MiB of address space cannot be mapped: %s; raise the limit "
            "(ulimit -v) or lower sites_max",
            a->bytes >> 20, strerror(errno));
    a->header = at;
    /* Keys and visitors belong in no core file; a huge page would back what nobody asked
     * for; on a disk, reading ahead reads holes: 100 KiB of zeros a page that is touched.
     * Where the kernel knows none of it, nothing is lost. */
    (void)madvise(at, a->bytes, MADV_DONTDUMP);
    (void)madvise(at, a->bytes, MADV_NOHUGEPAGE);
    (void)madvise(at, a->bytes, MADV_RANDOM);
    return 0;
}

void arena_file_drop(struct arena *a)
{
    if (a->header != NULL)
        munmap(a->header, a->bytes);
    if (a->fd >= 0)
        close(a->fd);
    a->header = NULL;
    a->fd = -1;
}

int arena_file_move_aside(struct arena_opening *o, int why)
{
    char name[BAD_NAME_MAX];
    struct stat st;

    for (unsigned i = 0; i < BAD_NAMES_A_SECOND; i++) {
        (void)snprintf(name, sizeof name, i == 0 ? "arena.bad-%lld" : "arena.bad-%lld-%u",
                       (long long)(o->now_ms / 1000), i);
        if (fstatat(o->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            continue;
        if (renameat(o->dir_fd, FILE_NAME, o->dir_fd, name) != 0)
            break;
        (void)snprintf(
            o->found, sizeof o->found,
            "was not adopted (%s) and is now %s: remove that when nobody wants to look "
            "at it",
            error_text(why), name);
        return 0;
    }
    return arena_say(o, ERR_IO,
                     "%s/" FILE_NAME " cannot be adopted (%s) nor moved aside: %s",
                     o->dir, error_text(why), strerror(errno));
}

int arena_file_remove(struct arena_opening *o)
{
    if (unlinkat(o->dir_fd, FILE_NAME, 0) != 0)
        return arena_say(
            o, ERR_IO, "%s/" FILE_NAME " is of an earlier boot and cannot be removed: %s",
            o->dir, strerror(errno));
    o->report->rebooted = true;
    (void)snprintf(o->found, sizeof o->found, "was of an earlier boot and is removed");
    return 0;
}
