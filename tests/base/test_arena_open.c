/* What an arena finds at its place, and whether it believes it. */
#include "base/arena.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena_calls.h"
#include "base/arena_header.h"
#include "base/error.h"
#include "lib/arena_place.h"

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

static struct arena_header *header_of(const struct place *p, int *ret_fd)
{
    void *at;

    *ret_fd = open(p->file, O_RDWR);
    at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, *ret_fd, 0);
    cr_assert_neq(at, MAP_FAILED);
    return at;
}

Test(arena, goes_on_with_an_older_version_even_when_killed_while_renewing_it)
{
    struct arena_layout newer = plan;

    newer.version = plan.version + 2;
    newer.oldest = plan.version;
    for (int killed = 0; killed < 2; killed++) {
        struct place p = place_new();
        struct arena_report report;
        struct arena *a = open_ok(&p, ARENA_CREATED, &report);
        uint64_t incarnation = report.incarnation;
        int fd;

        strcpy(arena_head(a), "of the older build");
        arena_close(a);
        if (killed) { /* the new version was written, its checksum not yet */
            struct arena_header *h = header_of(&p, &fd);
            h->version = newer.version;
            munmap(h, 4096);
            close(fd);
        }
        cr_assert_eq(arena_open(&a, p.dir, &newer, 0, &report), 0);
        cr_expect_eq(report.outcome, ARENA_ADOPTED);
        cr_expect_eq(report.incarnation, incarnation);
        cr_expect_eq(report.converted, killed ? 0 : plan.version);
        cr_expect_str_eq(arena_head(a), "of the older build");
        arena_close(a);
        cr_assert_eq(arena_open(&a, p.dir, &newer, 0, &report), 0);
        cr_expect_eq(report.outcome, ARENA_ADOPTED);
        cr_expect_eq(report.converted, 0);
        arena_close(a);
        /* The build before it does not take it for its own, and destroys nothing. */
        cr_assert_eq(arena_open(&a, p.dir, &plan, 0, &report), 0);
        cr_expect_eq(report.outcome, ARENA_REPLACED);
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
