/* The file behind everything that is counted, and how a start comes to hold it.
 *
 *     0        4096         64 KiB aligned
 *     +--------+------------+-----------+-----------+----
 *     | header | head       | range 0   | range 1   | ...    sparse: a hole until backed
 *     +--------+------------+-----------+-----------+----
 *
 * The happy path: lock the directory, open the file, lock it, believe its header, map it,
 * count one adoption. With no file: build one under another name and give it its own name
 * when it is whole, so that no start ever finds half an arena.
 *
 * It goes another way when
 *   another process holds it    we look again every 10 ms until wait_ms have passed, then
 *                               ERR_IN_USE with its pid;
 *   it is not ours to open      (a symbolic link, a fifo, another owner or mode)
 *                               ERR_DENIED, and nothing is touched;
 *   an older version wrote it   (layout.oldest or later) its header is renewed, and it is
 *                               adopted;
 *   another build wrote it or   it is moved to arena.bad-<unix seconds>, and a new one is
 *   it is damaged               made;
 *   it is of an earlier boot    (run_dir on a disk) its pages reached the disk in any
 *                               order, and the keys of identities in it must not outlive
 *                               the boot: it is removed, and a new one is made;
 *   there is no room            ERR_NOSPACE, and no half-made file is left.
 *
 * The lock on the file is an open-file-description lock: it goes with the process,
 * however that ends. The lock on the directory is held only inside arena_open, so that
 * two starts at once do not both move or make files. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/arena_file.h"
#include "base/error.h"
#include "base/hash.h"

enum { LOOK_AGAIN_MS = 10 };

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

/* Whether to go on with what was opened: 0, or why not (ERR_FOREIGN, ERR_VERSION,
 * ERR_CORRUPT). */
static int judge(const struct arena_opening *o, struct arena_header *ret_header)
{
    if (!arena_file_read_header(o->a->fd, ret_header))
        return ERR_CORRUPT;
    return arena_header_check(ret_header, &o->a->layout, o->a->bytes);
}

static bool of_another_boot(const struct arena_opening *o,
                            const struct arena_header *header)
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

static int adopt(struct arena_opening *o, const struct arena_header *found)
{
    struct arena *a = o->a;
    struct arena_report *report = o->report;
    uint64_t has = word_of(found, ARENA_RANGES);
    int rv = arena_file_set_length(o, has > a->layout.ranges ? has : a->layout.ranges);

    if (rv == 0)
        rv = arena_file_back_head(o);
    if (rv == 0)
        rv = arena_file_map(o);
    if (rv != 0)
        return rv;
    report->outcome = ARENA_ADOPTED;
    report->incarnation = found->incarnation;
    report->adoptions = word_of(found, ARENA_ADOPTIONS) + 1;
    report->last_alive_ms = (int64_t)word_of(found, ARENA_ALIVE_MS);
    report->clean = word_of(found, ARENA_CLEAN) == 1;
    arena_word_set(a->header, ARENA_ADOPTIONS, report->adoptions);
    report->converted = found->version != a->layout.version ? found->version : 0;
    arena_header_renew(a->header, &a->layout);
    take_over(a, o->boot);
    return arena_say(o, 0,
                     "adopted %s/arena, which process %llu %s; going on with its counts",
                     o->dir, (unsigned long long)word_of(found, ARENA_PID),
                     report->clean ? "closed in order" : "left when it was killed");
}

/* Built whole before it gets its name. */
static int build(struct arena_opening *o)
{
    struct arena *a = o->a;
    int rv = arena_file_make(o);

    if (rv == 0)
        rv = arena_file_set_length(o, a->layout.ranges);
    if (rv == 0)
        rv = arena_file_back_head(o);
    if (rv == 0)
        rv = arena_file_map(o);
    if (rv != 0)
        return rv;
    arena_header_make(a->header, &a->layout, hash_random64(), o->now_ms);
    take_over(a, o->boot);
    return arena_file_publish(o);
}

static int create(struct arena_opening *o)
{
    int rv = build(o);

    if (rv != 0) {
        arena_file_unmake(o);
        return rv;
    }
    o->report->incarnation = o->a->header->incarnation;
    if (o->found[0] == '\0') {
        o->report->outcome = ARENA_CREATED;
        return arena_say(o, 0, "made a new %s/arena", o->dir);
    }
    o->report->outcome = ARENA_REPLACED;
    return arena_say(o, 0,
                     "%s/arena %s; made a new one, going on with what the store has",
                     o->dir, o->found);
}

static int open_or_replace(struct arena_opening *o)
{
    struct arena_header header;
    int rv = arena_file_open(o);

    if (rv == ERR_NOT_FOUND)
        return create(o);
    if (rv == 0)
        rv = arena_file_lock(o);
    if (rv != 0)
        return rv;
    rv = judge(o, &header);
    if (rv == 0 && !of_another_boot(o, &header))
        return adopt(o, &header);
    rv = rv == 0 ? arena_file_remove(o) : arena_file_move_aside(o, rv);
    arena_file_drop(o->a);
    return rv == 0 ? create(o) : rv;
}

static int open_once(struct arena_opening *o)
{
    int rv;

    /* A file system that cannot lock directories (nfs) leaves two simultaneous starts to
     * the file's own lock. */
    if (flock(o->dir_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return arena_say(o, ERR_IN_USE,
                         "another luotd is starting in %s: give this one another run_dir",
                         o->dir);
    rv = open_or_replace(o);
    if (rv != 0)
        arena_file_drop(o->a);
    (void)flock(o->dir_fd, LOCK_UN);
    return rv;
}

static int open_within(struct arena_opening *o, unsigned wait_ms)
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
    struct arena_opening o = {.a = a, .report = ret_report, .dir = dir};
    int rv;

    assert(layout->range_bytes > 0 && layout->range_bytes % 65536 == 0);
    *ret_report = (struct arena_report){0};
    if (a == NULL)
        return arena_say(&o, ERR_NOMEM, "out of memory");
    a->layout = *layout;
    a->calls = calls;
    a->fd = -1;
    o.now_ms = clock_ms(CLOCK_REALTIME);
    o.boot = boot_mark(calls->boot_id_file);
    o.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (o.dir_fd < 0) {
        rv = arena_say(
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
