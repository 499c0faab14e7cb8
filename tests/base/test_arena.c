/* An arena in use: made, adopted, held, backed, full. What is found at its place:
 * test_arena_open.c. */
#include "base/arena.h"

#include <criterion/criterion.h>
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
#include "lib/arena_place.h"

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

Test(arena, says_what_was_written_without_backing_what_was_not)
{
    struct place p = place_new();
    struct arena_report report;
    struct arena *a = open_ok(&p, ARENA_CREATED, &report);
    char *range = arena_range(a, 0);
    uint64_t before = arena_bytes_used(a);

    cr_expect_not(arena_is_written(a, range, RANGE));
    cr_expect_eq(arena_bytes_used(a), before);
    cr_assert_eq(arena_back(a, range, 8192), 0);
    range[4096] = 1;
    cr_expect(arena_is_written(a, range + 4096, 4096));
    cr_expect(arena_is_written(a, range, 8192));
    cr_expect_not(arena_is_written(a, range + 8192, RANGE - 8192));
    cr_expect_eq(arena_unwritten(a, range, RANGE), 4096);
    cr_expect_eq(arena_unwritten(a, range, 4096), 4096);
    cr_expect_eq(arena_unwritten(a, range + 4096, RANGE - 4096), 0);
    cr_expect_eq(arena_unwritten(a, range + 8192, RANGE - 8192), RANGE - 8192);
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
