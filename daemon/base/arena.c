/* The file behind everything that is counted.
 *
 *     0        4096                  64 KiB aligned
 *     +--------+---------------------+-----------+-----------+----
 *     | header | head                | range 0   | range 1   | ...   sparse: a hole until
 * it is backed
 *     +--------+---------------------+-----------+-----------+----
 *
 * The happy path: lock the directory, open the file, lock it, believe its header, map it,
 * count one adoption. With no file: make one under another name and give it its name when
 * it is whole, so that no start ever finds half an arena.
 *
 * It goes another way when
 *   another process holds it       we look again every 10 ms until wait_ms have passed,
 * then ERR_IN_USE with its pid; it is not ours to open         ERR_DENIED: a symbolic
 * link, a fifo, another owner, another mode. Nothing is touched; another build wrote it,
 * or it is damaged                     it is moved to arena.bad-<unix seconds> and a new
 * one is made; it is of an earlier boot       (run_dir on a disk) its pages reached the
 * disk in any order, and the keys of identities in it must not outlive the boot: it is
 * removed and a new one is made; there is no room               ERR_NOSPACE, and no
 * half-made file is left.
 *
 * The lock on the file is an open-file-description lock: it goes with the process,
 * however that ends. The lock on the directory is held only inside arena_open, so that
 * two starts at once do not both move or make files. */
#include "base/arena.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/arena_calls.h"
#include "base/arena_header.h"
#include "base/error.h"
#include "base/hash.h"

#define FILE_NAME "arena"
#define NEW_NAME                                                                         \
    "arena.new" /* while it is being made; only under the directory's lock               \
                 */

enum {
    FS_NAME_MAX = 24,
    BAD_NAME_MAX = 48,
    LOOK_AGAIN_MS = 10,
    BAD_NAMES_A_SECOND = 100
};

struct arena {
    struct arena_header *header;     /* the mapping begins here                     */
    size_t bytes;                    /* of the mapping and the file                 */
    size_t ranges;                   /* that the file has room for                  */
    struct arena_layout layout;      /* what the caller asked for                   */
    const struct arena_calls *calls; /* the system, or a test                       */
    int fd;                          /* holds the lock                              */
    char fs_name[FS_NAME_MAX];       /* of the file system                          */
};

/* One arena_open: what its steps share. */
struct opening {
    struct arena *a;             /* being filled                                    */
    struct arena_report *report; /* the caller's                                    */
    const char *dir;             /* its name, for sentences                         */
    int dir_fd;                  /* all names below are relative to it              */
    int64_t now_ms;              /* unix milliseconds                               */
    uint64_t boot;               /* this boot's mark, 48 bits; 0: unknown           */
    char found[200]; /* a file was there and was not adopted: why, and where it is now */
};

static int say(struct opening *o, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int say(struct opening *o, int code, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    (void)vsnprintf(o->report->sentence, sizeof o->report->sentence, format, list);
    va_end(list);
    return code;
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint64_t boot_mark(const char *file)
{
    char text[64];
    ssize_t length = -1;
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        length = read(fd, text, sizeof text);
        close(fd);
    }
    return length > 0 ? (hash_fast(text, (size_t)length) >> 16 | 1) : 0;
}

static void find_fs_name(struct arena *a, int dir_fd)
{
    static const struct {
        unsigned long type;
        const char *name;
    } known[] = {
        {TMPFS_MAGIC, "tmpfs"},         {RAMFS_MAGIC, "ramfs"},
        {EXT4_SUPER_MAGIC, "ext4"},     {XFS_SUPER_MAGIC, "xfs"},
        {BTRFS_SUPER_MAGIC, "btrfs"},   {OVERLAYFS_SUPER_MAGIC, "overlayfs"},
        {NFS_SUPER_MAGIC, "nfs"},       {FUSE_SUPER_MAGIC, "fuse"},
        {HUGETLBFS_MAGIC, "hugetlbfs"}, {F2FS_SUPER_MAGIC, "f2fs"},
    };
    struct statfs fs;

    if (fstatfs(dir_fd, &fs) != 0) {
        (void)snprintf(a->fs_name, sizeof a->fs_name, "unknown");
        return;
    }
    (void)snprintf(a->fs_name, sizeof a->fs_name, "0x%lx", (unsigned long)fs.f_type);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if ((unsigned long)fs.f_type == known[i].type)
            (void)snprintf(a->fs_name, sizeof a->fs_name, "%s", known[i].name);
}

static int back(const struct arena *a, uint64_t offset, uint64_t length)
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

static int back_head(struct opening *o)
{
    const struct arena *a = o->a;
    uint64_t bytes = ARENA_HEADER_BYTES + a->layout.head_bytes;
    int rv = back(a, 0, bytes);

    if (rv == ERR_NOSPACE)
        return say(
            o, rv,
            "no room in %s (%s) for the %llu KiB that the arena begins with: free some, "
            "make the file system larger, or set run_dir to another one",
            o->dir, a->fs_name, (unsigned long long)(bytes / 1024));
    if (rv != 0)
        return say(
            o, rv,
            "the file system of %s (%s) cannot reserve room for the arena (%s): set "
            "run_dir to a directory on tmpfs",
            o->dir, a->fs_name, strerror(errno));
    return 0;
}

/* Makes the file long enough for `ranges`; it stays sparse. Over RLIMIT_FSIZE the kernel
 * would not return an error but send SIGXFSZ, so we ask first. */
static int set_length(struct opening *o, uint64_t ranges)
{
    struct arena *a = o->a;
    uint64_t bytes = arena_file_bytes(&a->layout, ranges);
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < bytes)
        return say(
            o, ERR_NOSPACE,
            "the arena needs a (sparse) file of %llu MiB and the limit on file sizes is "
            "%llu MiB: raise it (ulimit -f, LimitFSIZE=) or lower sites_max",
            (unsigned long long)(bytes >> 20),
            (unsigned long long)(limit.rlim_cur >> 20));
    if (ftruncate(a->fd, (off_t)bytes) != 0)
        return say(o, errno == EFBIG || errno == ENOSPC ? ERR_NOSPACE : ERR_IO,
                   "%s/" FILE_NAME
                   " cannot be made %llu MiB long: %s; set run_dir to a directory "
                   "on tmpfs or lower sites_max",
                   o->dir, (unsigned long long)(bytes >> 20), strerror(errno));
    a->bytes = bytes;
    a->ranges = ranges;
    return 0;
}

static int map(struct opening *o)
{
    struct arena *a = o->a;
    void *at = mmap(NULL, a->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                    a->fd, 0);

    if (at == MAP_FAILED)
        return say(
            o, errno == ENOMEM ? ERR_NOMEM : ERR_IO,
            "the arena's %zu MiB of address space cannot be mapped: %s; raise the limit "
            "(ulimit -v) or lower sites_max",
            a->bytes >> 20, strerror(errno));
    a->header = at;
    /* Keys and visitors belong in no core file; a huge page would back what nobody asked
     * for. Where the kernel knows neither, nothing is lost. */
    (void)madvise(at, a->bytes, MADV_DONTDUMP);
    (void)madvise(at, a->bytes, MADV_NOHUGEPAGE);
    return 0;
}

static void drop_file(struct arena *a)
{
    if (a->header != NULL)
        munmap(a->header, a->bytes);
    if (a->fd >= 0)
        close(a->fd);
    a->header = NULL;
    a->fd = -1;
}

/* Of a header that may be anything. */
static bool read_header(int fd, struct arena_header *ret_header)
{
    return pread(fd, ret_header, sizeof *ret_header, 0) == (ssize_t)sizeof *ret_header;
}

static int lock_file(struct opening *o)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct arena_header header;
    uint64_t pid = 0;

    if (fcntl(o->a->fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    if (errno != EAGAIN && errno != EACCES)
        return say(o, ERR_IO, "%s/" FILE_NAME " cannot be locked: %s", o->dir,
                   strerror(errno));
    if (read_header(o->a->fd, &header) && arena_word_read(&header, ARENA_PID, &pid))
        o->report->holder_pid = (int)pid;
    return say(o, ERR_IN_USE,
               "%s/" FILE_NAME
               " is held by process %d: stop that luotd, or give this one another "
               "run_dir",
               o->dir, o->report->holder_pid);
}

/* Opens what has the arena's name, if it is ours. ERR_NOT_FOUND, ERR_DENIED, ERR_IO. */
static int open_own_file(struct opening *o)
{
    struct stat st;
    int fd = openat(o->dir_fd, FILE_NAME, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 && errno == ENOENT)
        return ERR_NOT_FOUND;
    if (fd < 0 && errno == ELOOP)
        return say(o, ERR_DENIED, "%s/" FILE_NAME " is a symbolic link: remove it",
                   o->dir);
    if (fd < 0)
        return say(o,
                   errno == EACCES || errno == EISDIR || errno == ENXIO || errno == EROFS
                       ? ERR_DENIED
                       : ERR_IO,
                   "%s/" FILE_NAME " cannot be opened: %s", o->dir, strerror(errno));
    o->a->fd = fd;
    if (fstat(fd, &st) != 0)
        return say(o, ERR_IO, "%s/" FILE_NAME ": %s", o->dir, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return say(o, ERR_DENIED, "%s/" FILE_NAME " is not a regular file: remove it",
                   o->dir);
    if (st.st_uid != geteuid())
        return say(o, ERR_DENIED,
                   "%s/" FILE_NAME
                   " belongs to user %u and we are user %u: start luotd as that "
                   "user, or remove the file",
                   o->dir, (unsigned)st.st_uid, (unsigned)geteuid());
    if ((st.st_mode & 07777) != 0600)
        return say(o, ERR_DENIED,
                   "%s/" FILE_NAME
                   " has mode %04o and must have 0600, because it holds keys: "
                   "chmod or remove it",
                   o->dir, (unsigned)(st.st_mode & 07777));
    o->a->bytes = (size_t)st.st_size;
    return 0;
}

/* Whether to go on with what was opened: 0, or why not (ERR_FOREIGN, ERR_VERSION,
 * ERR_CORRUPT). */
static int judge(const struct opening *o, struct arena_header *ret_header)
{
    if (!read_header(o->a->fd, ret_header))
        return ERR_CORRUPT;
    return arena_header_check(ret_header, &o->a->layout, o->a->bytes);
}

static bool of_another_boot(const struct opening *o, const struct arena_header *header)
{
    uint64_t boot;

    return o->boot != 0 && arena_word_read(header, ARENA_BOOT, &boot) && boot != 0 &&
           boot != o->boot;
}

static uint64_t word_of(const struct arena_header *h, enum arena_word which)
{
    uint64_t value;

    return arena_word_read(h, which, &value) ? value : 0;
}

static void take_over(struct arena *a, uint64_t boot)
{
    arena_word_set(a->header, ARENA_RANGES, a->ranges);
    arena_word_set(a->header, ARENA_BOOT, boot);
    arena_word_set(a->header, ARENA_PID, (uint64_t)getpid());
    arena_word_set(a->header, ARENA_CLEAN, 0);
}

static int adopt(struct opening *o, const struct arena_header *found)
{
    struct arena *a = o->a;
    struct arena_report *report = o->report;
    uint64_t has = word_of(found, ARENA_RANGES);
    int rv = set_length(o, has > a->layout.ranges ? has : a->layout.ranges);

    if (rv == 0)
        rv = back_head(o);
    if (rv == 0)
        rv = map(o);
    if (rv != 0)
        return rv;
    report->outcome = ARENA_ADOPTED;
    report->incarnation = found->incarnation;
    report->adoptions = word_of(found, ARENA_ADOPTIONS) + 1;
    report->last_alive_ms = (int64_t)word_of(found, ARENA_ALIVE_MS);
    report->clean = word_of(found, ARENA_CLEAN) == 1;
    arena_word_set(a->header, ARENA_ADOPTIONS, report->adoptions);
    take_over(a, o->boot);
    return say(
        o, 0, "adopted %s/" FILE_NAME ", which process %llu %s; going on with its counts",
        o->dir, (unsigned long long)word_of(found, ARENA_PID),
        report->clean ? "closed in order" : "left when it was killed");
}

static int make_file(struct opening *o)
{
    struct arena *a = o->a;
    int rv;

    (void)unlinkat(o->dir_fd, NEW_NAME, 0); /* of a start that was killed */
    a->fd = openat(o->dir_fd, NEW_NAME,
                   O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (a->fd < 0 || fchmod(a->fd, 0600) != 0)
        return say(
            o,
            errno == ENOSPC                         ? ERR_NOSPACE
            : error_from_errno(errno) == ERR_DENIED ? ERR_DENIED
                                                    : ERR_IO,
            "no file can be made in %s: %s; set run_dir to a directory that user %u may "
            "write to",
            o->dir, strerror(errno), (unsigned)geteuid());
    rv = lock_file(o);
    if (rv == 0)
        rv = set_length(o, a->layout.ranges);
    if (rv == 0)
        rv = back_head(o);
    if (rv == 0)
        rv = map(o);
    if (rv != 0)
        return rv;
    arena_header_make(a->header, &a->layout, hash_random64(), o->now_ms);
    take_over(a, o->boot);
    if (renameat(o->dir_fd, NEW_NAME, o->dir_fd, FILE_NAME) != 0)
        return say(o, ERR_IO, "%s/" NEW_NAME " cannot be renamed: %s", o->dir,
                   strerror(errno));
    return 0;
}

static int create(struct opening *o)
{
    int rv = make_file(o);

    if (rv != 0) {
        drop_file(o->a);
        (void)unlinkat(o->dir_fd, NEW_NAME, 0);
        return rv;
    }
    o->report->incarnation = o->a->header->incarnation;
    if (o->found[0] == '\0') {
        o->report->outcome = ARENA_CREATED;
        return say(o, 0, "made a new %s/" FILE_NAME, o->dir);
    }
    o->report->outcome = ARENA_REPLACED;
    return say(o, 0,
               "%s/" FILE_NAME " %s; made a new one, going on with what the store has",
               o->dir, o->found);
}

/* The damaged or foreign file keeps its bytes under a name that nothing had. */
static int move_aside(struct opening *o, int why)
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
    return say(o, ERR_IO, "%s/" FILE_NAME " cannot be adopted (%s) nor moved aside: %s",
               o->dir, error_text(why), strerror(errno));
}

static int remove_of_another_boot(struct opening *o)
{
    if (unlinkat(o->dir_fd, FILE_NAME, 0) != 0)
        return say(o, ERR_IO,
                   "%s/" FILE_NAME " is of an earlier boot and cannot be removed: %s",
                   o->dir, strerror(errno));
    o->report->rebooted = true;
    (void)snprintf(o->found, sizeof o->found, "was of an earlier boot and is removed");
    return 0;
}

static int open_or_replace(struct opening *o)
{
    struct arena_header header;
    int rv = open_own_file(o);

    if (rv == ERR_NOT_FOUND)
        return create(o);
    if (rv == 0)
        rv = lock_file(o);
    if (rv != 0)
        return rv;
    rv = judge(o, &header);
    if (rv == 0 && !of_another_boot(o, &header))
        return adopt(o, &header);
    rv = rv == 0 ? remove_of_another_boot(o) : move_aside(o, rv);
    drop_file(o->a);
    return rv == 0 ? create(o) : rv;
}

static int open_once(struct opening *o)
{
    int rv;

    /* A file system that cannot lock directories (nfs) leaves two simultaneous starts to
     * the file's own lock. */
    if (flock(o->dir_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return say(o, ERR_IN_USE,
                   "another luotd is starting in %s: give this one another run_dir",
                   o->dir);
    rv = open_or_replace(o);
    if (rv != 0)
        drop_file(o->a);
    (void)flock(o->dir_fd, LOCK_UN);
    return rv;
}

static int open_within(struct opening *o, unsigned wait_ms)
{
    const struct timespec pause = {.tv_nsec = LOOK_AGAIN_MS * 1000000L};
    int64_t until_ms = clock_ms(CLOCK_MONOTONIC) + wait_ms;
    int rv;

    while ((rv = open_once(o)) == ERR_IN_USE && clock_ms(CLOCK_MONOTONIC) < until_ms)
        (void)nanosleep(&pause, NULL);
    if (rv == 0)
        o->report->holder_pid = 0;
    return rv;
}

int arena_open_with(struct arena **ret_arena, const char *dir,
                    const struct arena_layout *layout, unsigned wait_ms,
                    const struct arena_calls *calls, struct arena_report *ret_report)
{
    struct arena *a = calloc(1, sizeof *a);
    struct opening o = {.a = a, .report = ret_report, .dir = dir};
    int rv;

    assert(layout->range_bytes > 0 && layout->range_bytes % 65536 == 0);
    *ret_report = (struct arena_report){0};
    if (a == NULL)
        return say(&o, ERR_NOMEM, "out of memory");
    a->layout = *layout;
    a->calls = calls;
    a->fd = -1;
    o.now_ms = clock_ms(CLOCK_REALTIME);
    o.boot = boot_mark(calls->boot_id_file);
    o.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (o.dir_fd < 0) {
        rv = say(
            &o, errno == EACCES ? ERR_DENIED : ERR_IO,
            "the directory %s cannot be opened: %s; make it, or set run_dir to another",
            dir, strerror(errno));
        goto free_arena;
    }
    find_fs_name(a, o.dir_fd);
    rv = open_within(&o, wait_ms);
    close(o.dir_fd);
    if (rv != 0)
        goto free_arena;
    *ret_arena = a;
    return 0;
free_arena:
    free(a);
    return rv;
}

int arena_open(struct arena **ret_arena, const char *dir,
               const struct arena_layout *layout, unsigned wait_ms,
               struct arena_report *ret_report)
{
    static const struct arena_calls system = {
        .fallocate = fallocate, .boot_id_file = "/proc/sys/kernel/random/boot_id"};

    return arena_open_with(ret_arena, dir, layout, wait_ms, &system, ret_report);
}

void arena_close(struct arena *a)
{
    if (a == NULL)
        return;
    arena_word_set(a->header, ARENA_CLEAN, 1);
    drop_file(a);
    free(a);
}

void *arena_head(const struct arena *a)
{
    return (char *)a->header + ARENA_HEADER_BYTES;
}

void *arena_range(const struct arena *a, size_t index)
{
    assert(index < a->ranges);
    return (char *)a->header + arena_ranges_at(&a->layout) +
           index * a->layout.range_bytes;
}

static uint64_t offset_of(const struct arena *a, const void *at, size_t length)
{
    uint64_t offset = (uint64_t)((const char *)at - (const char *)a->header);

    assert((const char *)at >= (const char *)a->header && length > 0 &&
           length <= a->bytes && offset <= a->bytes - length);
    return offset;
}

int arena_back(struct arena *a, void *at, size_t length)
{
    return back(a, offset_of(a, at, length), length);
}

void arena_punch(struct arena *a, void *at, size_t length)
{
    off_t offset = (off_t)offset_of(a, at, length);
    const int hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    int rv;

    do {
        rv = a->calls->fallocate(a->fd, hole, offset, (off_t)length);
    } while (rv != 0 && errno == EINTR);
    /* Where the file system cannot make holes the bytes must go all the same: keys are
     * erased so. */
    if (rv != 0 && back(a, (uint64_t)offset, length) == 0)
        memset(at, 0, length);
}

void arena_beat(struct arena *a, int64_t now_ms)
{
    arena_word_set(a->header, ARENA_ALIVE_MS, now_ms > 0 ? (uint64_t)now_ms : 0);
}

uint64_t arena_incarnation(const struct arena *a)
{
    return a->header->incarnation;
}

const char *arena_fs_name(const struct arena *a)
{
    return a->fs_name;
}

uint64_t arena_bytes_used(const struct arena *a)
{
    struct stat st;

    return fstat(a->fd, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
}
