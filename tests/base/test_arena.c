#include "base/arena.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena_calls.h"
#include "base/error.h"
#include "base/hash.h"

enum { HEAD = 100000, RANGES = 3, RANGE = 1 << 20 };

static const struct arena_layout plan = {.version = 7,
                                         .layout_hash = 0xabcdef,
                                         .head_bytes = HEAD,
                                         .ranges = RANGES,
                                         .range_bytes = RANGE};

/* A directory of its own under /tmp, with what a test needs to look at it. */
struct place {
    char dir[64];
    char file[80];
};

static struct place place_new(void)
{
    struct place p;

    cr_assert_eq(hash_start(), 0);
    strcpy(p.dir, "/tmp/luot-arena-XXXXXX");
    cr_assert_not_null(mkdtemp(p.dir));
    snprintf(p.file, sizeof p.file, "%s/arena", p.dir);
    return p;
}

/* How many names begin with `start`; removes them all with `remove`. */
static unsigned names(const struct place *p, const char *start, bool remove)
{
    DIR *d = opendir(p->dir);
    struct dirent *e;
    unsigned found = 0;

    cr_assert_not_null(d);
    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.' || strncmp(e->d_name, start, strlen(start)) != 0)
            continue;
        found++;
        if (remove)
            unlinkat(dirfd(d), e->d_name, 0);
    }
    closedir(d);
    return found;
}

static void place_free(const struct place *p)
{
    names(p, "", true);
    cr_expect_eq(rmdir(p->dir), 0);
}

static struct arena *open_ok(const struct place *p, enum arena_outcome outcome,
                             struct arena_report *ret_report)
{
    struct arena *a = NULL;
    int rv = arena_open(&a, p->dir, &plan, 0, ret_report);

    cr_assert_eq(rv, 0, "%s", ret_report->sentence);
    cr_assert_eq(ret_report->outcome, outcome, "%s", ret_report->sentence);
    cr_assert_eq(ret_report->incarnation, arena_incarnation(a));
    return a;
}

static void expect_refused(const struct place *p, int code, const char *word)
{
    struct arena_report report;
    struct arena *a = NULL;

    cr_expect_eq(arena_open(&a, p->dir, &plan, 0, &report), code, "%s", report.sentence);
    cr_expect_null(a);
    cr_expect_not_null(strstr(report.sentence, word), "\"%s\" does not say \"%s\"",
                       report.sentence, word);
}

/* The file as it would be had its holder been killed now: its first bytes and its length,
 * in another place. */
static void copy_file(const struct place *from, const struct place *to)
{
    static char bytes[1 << 16];
    struct stat st;
    int in = open(from->file, O_RDONLY),
        out = open(to->file, O_RDWR | O_CREAT | O_EXCL, 0600);

    cr_assert(in >= 0 && out >= 0 && fstat(in, &st) == 0);
    cr_assert_eq(pread(in, bytes, sizeof bytes, 0), (ssize_t)sizeof bytes);
    cr_assert_eq(pwrite(out, bytes, sizeof bytes, 0), (ssize_t)sizeof bytes);
    cr_assert_eq(ftruncate(out, st.st_size), 0);
    close(in);
    close(out);
}

static void flip(const struct place *p, off_t at)
{
    int fd = open(p->file, O_RDWR);
    unsigned char byte;

    cr_assert(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= 0xff;
    cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

Test(arena, is_zero_and_of_its_full_length_when_it_is_created)
{
    struct place p = place_new();
    struct arena_report report;
    struct arena *a = open_ok(&p, ARENA_CREATED, &report);
    const char *head = arena_head(a);
    struct stat st;

    for (unsigned i = 0; i < HEAD; i++)
        cr_assert_eq(head[i], 0);
    cr_expect_eq(stat(p.file, &st), 0);
    cr_expect_geq(st.st_size, 4096 + HEAD + RANGES * RANGE);
    cr_expect_eq(st.st_mode & 07777, 0600u);
    cr_expect_eq((char *)arena_range(a, 1) - (char *)arena_range(a, 0), RANGE);
    cr_expect_geq((char *)arena_range(a, 0) - head, HEAD);
    cr_expect_eq((uintptr_t)arena_range(a, 0) % 4096, 0);
    cr_expect_neq(report.incarnation, 0);
    cr_expect_eq(report.adoptions, 0);
    cr_expect_eq(report.last_alive_ms, 0);
    cr_expect_eq(names(&p, "", false), 1, "the arena and nothing beside it");
    arena_close(a);
    place_free(&p);
}

Test(arena, is_adopted_with_all_that_was_in_it)
{
    struct place p = place_new();
    struct arena_report report;
    struct arena *a = open_ok(&p, ARENA_CREATED, &report);
    uint64_t incarnation = report.incarnation;

    strcpy(arena_head(a), "a word in the head");
    cr_expect_eq(arena_back(a, arena_range(a, 2), 8192), 0);
    strcpy((char *)arena_range(a, 2) + 5000, "and one in a range");
    arena_beat(a, 1795400000123);
    arena_close(a);
    for (unsigned i = 1; i <= 3; i++) {
        a = open_ok(&p, ARENA_ADOPTED, &report);
        cr_expect_eq(report.incarnation, incarnation);
        cr_expect_eq(report.adoptions, i);
        cr_expect_eq(report.last_alive_ms, 1795400000123);
        cr_expect(report.clean);
        cr_expect_not(report.rebooted);
        cr_expect_str_eq(arena_head(a), "a word in the head");
        cr_expect_str_eq((char *)arena_range(a, 2) + 5000, "and one in a range");
        arena_close(a);
    }
    place_free(&p);
}

Test(arena, is_adopted_when_its_holder_was_killed)
{
    struct place p = place_new(), killed = place_new();
    struct arena_report report;
    struct arena *a = open_ok(&p, ARENA_CREATED, &report), *b;

    strcpy(arena_head(a), "counted");
    arena_beat(a, 1795400000123);
    copy_file(&p, &killed);
    b = open_ok(&killed, ARENA_ADOPTED, &report);
    cr_expect_not(report.clean);
    cr_expect_eq(report.last_alive_ms, 1795400000123);
    cr_expect_str_eq(arena_head(b), "counted");
    cr_expect_not_null(strstr(report.sentence, "killed"));
    arena_close(a);
    arena_close(b);
    place_free(&p);
    place_free(&killed);
}

Test(arena, forgets_that_it_was_clean_once_it_is_open_again)
{
    struct place p = place_new(), killed = place_new();
    struct arena_report report;
    struct arena *a = open_ok(&p, ARENA_CREATED, &report);

    arena_close(a);
    a = open_ok(&p, ARENA_ADOPTED, &report);
    copy_file(&p, &killed);
    arena_close(a);
    a = open_ok(&killed, ARENA_ADOPTED, &report);
    cr_expect_not(report.clean);
    arena_close(a);
    place_free(&p);
    place_free(&killed);
}

Test(arena, is_held_by_one_at_a_time_and_says_by_whom)
{
    struct place p = place_new();
    struct arena_report report;
    struct arena *a = open_ok(&p, ARENA_CREATED, &report), *second = NULL;

    cr_expect_eq(arena_open(&second, p.dir, &plan, 25, &report), ERR_IN_USE);
    cr_expect_null(second);
    cr_expect_eq(report.holder_pid, getpid());
    cr_expect_not_null(strstr(report.sentence, "held by process"));
    strcpy(arena_head(a), "still ours");
    arena_close(a);
    a = open_ok(&p, ARENA_ADOPTED, &report);
    cr_expect_str_eq(arena_head(a), "still ours");
    arena_close(a);
    place_free(&p);
}

static void *open_patiently(void *arg)
{
    const struct place *p = arg;
    struct arena_report report;
    struct arena *a = NULL;

    if (arena_open(&a, p->dir, &plan, 60000, &report) != 0)
        return NULL;
    return a;
}

static void *open_and_close(void *arg)
{
    struct arena *a = open_patiently(arg);

    arena_close(a);
    return a == NULL ? NULL : arg;
}

Test(arena, waits_for_a_holder_that_is_exiting)
{
    struct place p = place_new();
    struct arena *a = open_ok(&p, ARENA_CREATED, &(struct arena_report){0});
    pthread_t thread;
    void *next = NULL;

    cr_assert_eq(pthread_create(&thread, NULL, open_patiently, &p), 0);
    arena_close(a);
    cr_assert_eq(pthread_join(thread, &next), 0);
    cr_expect_not_null(next);
    arena_close(next);
    place_free(&p);
}

Test(arena, is_made_once_when_many_start_at_the_same_time)
{
    struct place p = place_new();
    struct arena_report report;
    pthread_t thread[4];
    unsigned opened = 0;

    for (unsigned i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&thread[i], NULL, open_and_close, &p), 0);
    for (unsigned i = 0; i < 4; i++) {
        void *outcome = NULL;

        cr_assert_eq(pthread_join(thread[i], &outcome), 0);
        opened += outcome != NULL;
    }
    cr_expect_eq(opened, 4);
    cr_expect_eq(names(&p, "", false), 1);
    arena_close(open_ok(&p, ARENA_ADOPTED, &report));
    cr_expect_eq(report.adoptions, 4, "each of them adopted but the one that made it");
    place_free(&p);
}

Test(arena, closes_what_was_never_opened)
{
    arena_close(NULL);
}

Test(arena, refuses_a_symbolic_link)
{
    struct place p = place_new(), target = place_new();

    arena_close(open_ok(&target, ARENA_CREATED, &(struct arena_report){0}));
    cr_assert_eq(symlink(target.file, p.file), 0);
    expect_refused(&p, ERR_DENIED, "symbolic link");
    place_free(&p);
    place_free(&target);
}

Test(arena, refuses_a_fifo_and_a_directory)
{
    struct place p = place_new();

    cr_assert_eq(mkfifo(p.file, 0600), 0);
    expect_refused(&p, ERR_DENIED, "not a regular file");
    cr_assert_eq(unlink(p.file), 0);
    cr_assert_eq(mkdir(p.file, 0700), 0);
    expect_refused(&p, ERR_DENIED, "directory");
    cr_assert_eq(rmdir(p.file), 0);
    place_free(&p);
}

Test(arena, refuses_a_mode_that_others_can_read_or_write)
{
    struct place p = place_new();
    const mode_t modes[] = {0640, 0604, 0660, 0666, 0700, 04600};

    arena_close(open_ok(&p, ARENA_CREATED, &(struct arena_report){0}));
    for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        cr_assert_eq(chmod(p.file, modes[i]), 0);
        expect_refused(&p, ERR_DENIED, "mode");
    }
    cr_assert_eq(chmod(p.file, 0600), 0);
    arena_close(open_ok(&p, ARENA_ADOPTED, &(struct arena_report){0}));
    place_free(&p);
}

Test(arena, refuses_another_owner)
{
    struct place p = place_new();

    arena_close(open_ok(&p, ARENA_CREATED, &(struct arena_report){0}));
    if (geteuid() != 0)
        printf("skipped: only root can give a file away\n");
    else if (chown(p.file, 1234, (gid_t)-1) == 0)
        expect_refused(&p, ERR_DENIED, "belongs to user 1234");
    place_free(&p);
}

Test(arena, makes_its_file_private_whatever_the_umask_is)
{
    struct place p = place_new();
    struct stat st;
    mode_t before = umask(0777);

    arena_close(open_ok(&p, ARENA_CREATED, &(struct arena_report){0}));
    umask(before);
    cr_expect_eq(stat(p.file, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0600u);
    place_free(&p);
}

Test(arena, says_which_directory_is_missing)
{
    struct arena_report report;
    struct arena *a = NULL;

    cr_expect_eq(arena_open(&a, "/tmp/luot-no-such-directory", &plan, 0, &report),
                 ERR_IO);
    cr_expect_not_null(strstr(report.sentence, "/tmp/luot-no-such-directory"));
}

Test(arena, moves_another_layout_aside_and_keeps_its_bytes)
{
    struct arena_layout others[] = {plan, plan, plan, plan};

    others[0].version++;
    others[1].layout_hash++;
    others[2].head_bytes += 8;
    others[3].range_bytes *= 2;
    for (unsigned i = 0; i < 4; i++) {
        struct place p = place_new();
        struct arena_report report;
        struct arena *a = open_ok(&p, ARENA_CREATED, &report);
        uint64_t incarnation = report.incarnation;

        strcpy(arena_head(a), "of the other build");
        arena_close(a);
        cr_assert_eq(arena_open(&a, p.dir, &others[i], 0, &report), 0, "%s",
                     report.sentence);
        cr_expect_eq(report.outcome, ARENA_REPLACED);
        cr_expect_neq(report.incarnation, incarnation);
        cr_expect_eq(*(char *)arena_head(a), 0);
        cr_expect_not_null(strstr(report.sentence, "another version"), "%s",
                           report.sentence);
        cr_expect_not_null(strstr(report.sentence, "arena.bad-"), "%s", report.sentence);
        arena_close(a);
        cr_expect_eq(names(&p, "arena.bad-", false), 1);
        place_free(&p);
    }
}

Test(arena, never_moves_a_file_over_an_earlier_one)
{
    struct place p = place_new();

    for (unsigned i = 0; i < 5; i++) {
        arena_close(open_ok(&p, i == 0 ? ARENA_CREATED : ARENA_REPLACED,
                            &(struct arena_report){0}));
        flip(&p, 3);
    }
    cr_expect_eq(names(&p, "arena.bad-", false), 4);
    place_free(&p);
}

Test(arena, adopts_or_moves_aside_whatever_byte_of_its_header_is_damaged)
{
    struct place p = place_new();
    unsigned adopted = 0, replaced = 0;

    arena_close(open_ok(&p, ARENA_CREATED, &(struct arena_report){0}));
    for (off_t at = 0; at < 4096; at++) {
        struct arena_report report;
        struct arena *a = NULL;

        flip(&p, at);
        cr_assert_eq(arena_open(&a, p.dir, &plan, 0, &report), 0, "byte %ld: %s",
                     (long)at, report.sentence);
        adopted += report.outcome == ARENA_ADOPTED;
        if (report.outcome == ARENA_REPLACED) {
            replaced++;
            cr_assert_not_null(strstr(report.sentence, "arena.bad-"));
            cr_assert_eq(names(&p, "arena.bad-", true), 1);
        } else {
            cr_assert_eq(names(&p, "", false), 1);
        }
        arena_close(a);
    }
    cr_expect_eq(replaced, 9 * 8 + 6 * 8, "every byte that means something is checked");
    cr_expect_eq(adopted, 4096 - replaced);
    place_free(&p);
}

Test(arena, moves_a_truncated_file_aside)
{
    struct place p = place_new();
    struct arena_report report;
    struct arena *a = open_ok(&p, ARENA_CREATED, &report);
    struct stat st;
    unsigned replaced = 1;

    cr_assert_eq(stat(p.file, &st), 0);
    arena_close(a);
    for (off_t length = 0; length < st.st_size; length += length < 4608 ? 512 : 300007) {
        cr_assert_eq(truncate(p.file, length), 0);
        a = open_ok(&p, ARENA_REPLACED, &report);
        arena_close(a);
        cr_assert_eq(names(&p, "arena.bad-", true), 1);
        replaced++;
    }
    cr_assert_eq(truncate(p.file, st.st_size - RANGE), 0);
    arena_close(open_ok(&p, ARENA_REPLACED, &report));
    cr_expect_gt(replaced, 10);
    place_free(&p);
}

Test(arena, moves_a_file_of_zeros_aside)
{
    struct place p = place_new();
    int fd = open(p.file, O_RDWR | O_CREAT, 0600);

    cr_assert(fd >= 0 && ftruncate(fd, 100 << 20) == 0);
    close(fd);
    arena_close(open_ok(&p, ARENA_REPLACED, &(struct arena_report){0}));
    place_free(&p);
}

Test(arena, begins_again_over_what_a_killed_creation_left)
{
    struct place p = place_new();
    char half[96];
    int fd;

    snprintf(half, sizeof half, "%s.new", p.file);
    fd = open(half, O_RDWR | O_CREAT, 0600);
    cr_assert(fd >= 0 && ftruncate(fd, 70000) == 0);
    close(fd);
    arena_close(open_ok(&p, ARENA_CREATED, &(struct arena_report){0}));
    cr_expect_eq(names(&p, "", false), 1);
    place_free(&p);
}

Test(arena, grows_by_ranges_and_keeps_them_when_fewer_are_asked_for)
{
    struct place p = place_new();
    struct arena_layout more = plan;
    struct arena_report report;
    struct arena *a = open_ok(&p, ARENA_CREATED, &report);

    cr_assert_eq(arena_back(a, arena_range(a, 2), 4096), 0);
    strcpy(arena_range(a, 2), "range 2");
    arena_close(a);
    more.ranges = 40;
    cr_assert_eq(arena_open(&a, p.dir, &more, 0, &report), 0);
    cr_expect_eq(report.outcome, ARENA_ADOPTED);
    cr_expect_str_eq(arena_range(a, 2), "range 2");
    cr_assert_eq(arena_back(a, arena_range(a, 39), 4096), 0);
    strcpy(arena_range(a, 39), "range 39");
    arena_close(a);
    a = open_ok(&p, ARENA_ADOPTED, &report);
    arena_close(a);
    cr_assert_eq(arena_open(&a, p.dir, &more, 0, &report), 0);
    cr_expect_str_eq(arena_range(a, 39), "range 39");
    arena_close(a);
    place_free(&p);
}

Test(arena, gives_back_what_is_punched_and_then_zeros)
{
    struct place p = place_new();
    struct arena_report report;
    struct arena *a = open_ok(&p, ARENA_CREATED, &report);
    uint64_t before = arena_bytes_used(a), used;
    char *range = arena_range(a, 1);

    cr_assert_eq(arena_back(a, range, RANGE), 0);
    memset(range, 7, RANGE);
    used = arena_bytes_used(a);
    cr_expect_geq(used, before + RANGE);
    arena_punch(a, range + 65536, RANGE / 2);
    cr_expect_leq(arena_bytes_used(a), used - RANGE / 2);
    cr_expect_eq(range[65535], 7);
    cr_expect_eq(range[65536 + RANGE / 2], 7);
    cr_assert_eq(arena_back(a, range + 65536, RANGE / 2), 0);
    for (unsigned i = 0; i < RANGE / 2; i++)
        cr_assert_eq(range[65536 + i], 0);
    arena_close(a);
    place_free(&p);
}

Test(arena, backs_again_without_changing_what_is_there)
{
    struct place p = place_new();
    struct arena_report report;
    struct arena *a = open_ok(&p, ARENA_CREATED, &report);

    cr_assert_eq(arena_back(a, arena_range(a, 0), 8192), 0);
    memset(arena_range(a, 0), 9, 8192);
    cr_assert_eq(arena_back(a, arena_range(a, 0), RANGE), 0);
    cr_expect_eq(((char *)arena_range(a, 0))[8191], 9);
    cr_expect_eq(((char *)arena_range(a, 0))[8192], 0);
    arena_close(a);
    place_free(&p);
}

Test(arena, names_its_file_system)
{
    struct arena_report report;
    struct place p = place_new();
    struct arena *a = open_ok(&p, ARENA_CREATED, &report);

    cr_expect_neq(arena_fs_name(a)[0], '\0');
    arena_close(a);
    place_free(&p);
    strcpy(p.dir, "/dev/shm/luot-arena-XXXXXX");
    if (mkdtemp(p.dir) == NULL) {
        printf("skipped: no /dev/shm\n");
        return;
    }
    a = open_ok(&p, ARENA_CREATED, &report);
    cr_expect_str_eq(arena_fs_name(a), "tmpfs");
    arena_close(a);
    place_free(&p);
}

/* A file system that is full at call n, or cannot reserve at all. */
static unsigned calls_until_fault;
static int fault_errno;

static int failing_fallocate(int fd, int mode, off_t offset, off_t length)
{
    if (calls_until_fault != 0 && --calls_until_fault == 0) {
        errno = fault_errno;
        return -1;
    }
    return fallocate(fd, mode, offset, length);
}

static const struct arena_calls faulty = {failing_fallocate,
                                          "/proc/sys/kernel/random/boot_id"};

/* Create, back, adopt, back more; 0, or the first error. */
static int life(const struct place *p, struct arena_report *report)
{
    struct arena *a;
    int rv;

    for (unsigned i = 0; i < 2; i++) {
        rv = arena_open_with(&a, p->dir, &plan, 0, &faulty, report);
        if (rv != 0)
            return rv;
        rv = arena_back(a, arena_range(a, i), 100000);
        if (rv == 0)
            memset(arena_range(a, i), 1, 100000);
        arena_close(a);
        if (rv != 0)
            return rv;
    }
    return 0;
}

Test(arena, says_no_space_at_whichever_call_the_file_system_is_full)
{
    const struct {
        int from, to;
    } faults[] = {{ENOSPC, ERR_NOSPACE}, {EDQUOT, ERR_NOSPACE}, {ENOMEM, ERR_NOSPACE},
                  {EOPNOTSUPP, ERR_IO},  {EIO, ERR_IO},         {EINTR, 0}};

    for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        fault_errno = faults[i].from;
        for (unsigned n = 1; n <= 5; n++) {
            struct place p = place_new();
            struct arena_report report;

            calls_until_fault = n;
            cr_expect_eq(life(&p, &report), n <= 4 ? faults[i].to : 0,
                         "errno %d, call %u", faults[i].from, n);
            cr_expect_eq(names(&p, "", false), n == 1 && faults[i].to != 0 ? 0 : 1,
                         "no half-made file is left");
            if (n == 1 && faults[i].to != 0)
                cr_expect_not_null(strstr(report.sentence, "run_dir"), "%s",
                                   report.sentence);
            calls_until_fault = 0;
            cr_expect_eq(life(&p, &report), 0,
                         "and all is well when there is room again");
            place_free(&p);
        }
    }
    calls_until_fault = 0;
}

Test(arena, erases_by_hand_where_no_hole_can_be_made)
{
    struct place p = place_new();
    struct arena_report report;
    struct arena *a = NULL;

    cr_assert_eq(arena_open_with(&a, p.dir, &plan, 0, &faulty, &report), 0);
    cr_assert_eq(arena_back(a, arena_range(a, 0), 65536), 0);
    strcpy(arena_range(a, 0), "a key");
    calls_until_fault = 1;
    fault_errno = EOPNOTSUPP;
    arena_punch(a, arena_range(a, 0), 65536);
    cr_expect_eq(*(char *)arena_range(a, 0), 0);
    arena_close(a);
    place_free(&p);
}

Test(arena, asks_before_the_kernel_would_send_a_signal)
{
    struct place p = place_new();
    struct rlimit before, small;

    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1 << 20;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    expect_refused(&p, ERR_NOSPACE, "limit on file sizes");
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    cr_expect_eq(names(&p, "", false), 0);
    place_free(&p);
}

static void write_boot(const char *file, const char *text)
{
    FILE *f = fopen(file, "w");

    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

Test(arena, begins_again_after_a_reboot_and_leaves_no_key_behind)
{
    struct place p = place_new(), boot = place_new();
    struct arena_calls calls = {fallocate, boot.file};
    struct arena_report report;
    struct arena *a = NULL;
    uint64_t incarnation;

    write_boot(boot.file, "3f0c5c3e-0001\n");
    cr_assert_eq(arena_open_with(&a, p.dir, &plan, 0, &calls, &report), 0);
    incarnation = report.incarnation;
    arena_close(a);
    cr_assert_eq(arena_open_with(&a, p.dir, &plan, 0, &calls, &report), 0);
    cr_expect_eq(report.outcome, ARENA_ADOPTED);
    cr_expect_not(report.rebooted);
    arena_close(a);
    write_boot(boot.file, "9b1d7a20-0002\n");
    cr_assert_eq(arena_open_with(&a, p.dir, &plan, 0, &calls, &report), 0);
    cr_expect_eq(report.outcome, ARENA_REPLACED);
    cr_expect(report.rebooted);
    cr_expect_neq(report.incarnation, incarnation);
    cr_expect_not_null(strstr(report.sentence, "earlier boot"));
    cr_expect_eq(names(&p, "", false), 1);
    arena_close(a);
    place_free(&p);
    place_free(&boot);
}

Test(arena, is_adopted_where_no_boot_can_be_told_from_another)
{
    struct place p = place_new();
    struct arena_calls calls = {fallocate, "/nonexistent"};
    struct arena_report report;
    struct arena *a = NULL;

    arena_close(open_ok(&p, ARENA_CREATED, &report));
    cr_assert_eq(arena_open_with(&a, p.dir, &plan, 0, &calls, &report), 0);
    cr_expect_eq(report.outcome, ARENA_ADOPTED);
    arena_close(a);
    place_free(&p);
}
