/* Logs of a database that somebody changed: SQLite drops their end without a word. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "lib/scratch.h"
#include "store/store_sqlite.h"

enum { SAVES = 12, HEADER = 32, FRAME = 24 + 4096, LOG_MAX = 1 << 20 };

static const struct deadline none = {0};
static const struct slice demo = SLICE("demo");

static struct store *open_at(const struct scratch *dir, char sentence[512])
{
    char where[300];
    struct store *s = NULL;

    snprintf(where, sizeof where, "sqlite:%s", scratch_path(dir, "luot.db"));
    cr_assert_eq(store_open(&s, where, "node", 1, sentence), 0, "%s", sentence);
    return s;
}

static size_t read_file(const char *path, char *bytes)
{
    FILE *f = fopen(path, "rb");
    size_t n = f == NULL ? 0 : fread(bytes, 1, LOG_MAX, f);

    cr_assert_lt(n, LOG_MAX);
    if (f != NULL)
        fclose(f);
    return n;
}

static void write_file(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    cr_assert_not_null(f);
    cr_assert_eq(fwrite(bytes, 1, n, f), n);
    cr_assert_eq(fclose(f), 0);
}

/* A database and its log as a kill leaves them, of so many saves. */
static char base[LOG_MAX], journal[LOG_MAX];
static size_t base_length, journal_length;

static void save(struct store *s, int64_t day)
{
    const struct change c = {.kind = CHANGE_DAY, .site = demo, .number = day, .views = 1};

    cr_assert_eq(s->ops->save(s, &c, 1, none), 0);
}

static void make_killed(int saves)
{
    struct scratch dir = scratch_new();
    char sentence[512];
    struct store *s = open_at(&dir, sentence);

    cr_expect_str_empty(sentence);
    for (int i = 0; i < saves; i++)
        save(s, i);
    base_length = read_file(scratch_path(&dir, "luot.db"), base);
    journal_length = read_file(scratch_path(&dir, "luot.db-wal"), journal);
    s->ops->close(s);
    scratch_free(&dir);
}

static int count(void *context, const struct history_row *row)
{
    (void)row;
    ++*(int *)context;
    return 0;
}

/* How many of the saves are there; what was said. */
static int open_killed(char sentence[512])
{
    struct scratch dir = scratch_new();
    char again[512];
    struct store *s;
    int days = 0;

    write_file(scratch_path(&dir, "luot.db"), base, base_length);
    write_file(scratch_path(&dir, "luot.db-wal"), journal, journal_length);
    s = open_at(&dir, sentence);
    cr_assert_eq(s->ops->history(s, demo, CHANGE_DAY, HISTORY_ALL, 0, 1000, count, &days),
                 0);
    save(s, 999);
    s->ops->close(s);
    s = open_at(&dir, again);
    cr_expect_str_empty(again, "said again: %s", again);
    s->ops->close(s);
    scratch_free(&dir);
    return days;
}

/* Where the last two commits begin. */
static void find_commits(size_t ret_from[2])
{
    ret_from[0] = ret_from[1] = HEADER;
    for (size_t at = HEADER; at + FRAME <= journal_length; at += FRAME)
        if (memcmp(journal + at + 4, "\0\0\0\0", 4) != 0 && at + FRAME < journal_length) {
            ret_from[0] = ret_from[1];
            ret_from[1] = at + FRAME;
        }
}

Test(sqlite_log, of_a_kill_is_whole)
{
    char sentence[512];

    for (int saves = 0; saves <= SAVES; saves++) {
        make_killed(saves);
        cr_expect_eq(open_killed(sentence), saves);
        cr_expect_str_empty(sentence, "%d saves: %s", saves, sentence);
    }
}

/* Each byte of its header and of frames' headers, and some of each page. What is lost is
 * said, but for the last save: that is what a power cut may take. */
Test(sqlite_log, with_a_changed_byte_loses_nothing_that_was_confirmed_in_silence)
{
    size_t commit[2];
    unsigned said = 0;

    make_killed(SAVES);
    find_commits(commit);
    for (size_t at = 0; at < journal_length;
         at += at < HEADER || (at - HEADER) % FRAME < 24 ? 1 : 509) {
        char sentence[512];
        int days;

        journal[at] ^= 0x10;
        days = open_killed(sentence);
        journal[at] ^= 0x10;
        if (sentence[0] != '\0') {
            cr_expect_lt(days, SAVES, "byte %zu: %s", at, sentence);
            cr_expect_not_null(strstr(sentence, "luot.db-wal was damaged"), "%s",
                               sentence);
            said++;
        } else {
            cr_expect(days == SAVES || (at >= commit[1] && days == SAVES - 1),
                      "byte %zu: %d of %d, and no word", at, days, SAVES);
        }
    }
    cr_expect_gt(said, 100);
}

/* A power cut takes frames of the save under way, whichever: it had not been confirmed. */
Test(sqlite_log, without_some_frames_of_the_last_save_is_a_cut_and_no_damage)
{
    static char whole[LOG_MAX];
    size_t commit[2], length;

    make_killed(SAVES);
    find_commits(commit);
    length = journal_length;
    memcpy(whole, journal, length);
    for (size_t frame = commit[1]; frame < length; frame += FRAME) {
        char sentence[512];

        memset(journal + frame, 0, FRAME); /* never written */
        cr_expect_eq(open_killed(sentence), SAVES - 1);
        cr_expect_str_empty(sentence, "%s", sentence);
        memcpy(journal, whole, length);
        journal_length = frame + FRAME / 2; /* cut inside */
        cr_expect_eq(open_killed(sentence), SAVES - 1);
        cr_expect_str_empty(sentence, "%s", sentence);
        journal_length = length;
    }
}

static size_t first_cut;

static void save_large(struct store *s, int64_t day, size_t pages)
{
    static char bytes[16 * 4096];
    const struct change c = {.kind = CHANGE_SKETCH,
                             .site = demo,
                             .number = day,
                             .blob = {bytes, pages * 4096}};

    cr_assert_eq(s->ops->save(s, &c, 1, none), 0);
}

/* One cut after another, each in a shorter save: what the ones before left behind the end
 * is there still, commits too, with the salts of this log. */
Test(sqlite_log, with_what_several_cuts_left_is_no_damage)
{
    make_killed(3);
    for (size_t pages = 12; pages > 0; pages--) {
        struct scratch dir = scratch_new();
        char sentence[512];
        size_t commit[2], was = journal_length;
        struct store *s;

        write_file(scratch_path(&dir, "luot.db"), base, base_length);
        write_file(scratch_path(&dir, "luot.db-wal"), journal, journal_length);
        s = open_at(&dir, sentence);
        cr_expect_str_empty(sentence, "%zu pages: %s", pages, sentence);
        save_large(s, (int64_t)pages, pages);
        base_length = read_file(scratch_path(&dir, "luot.db"), base);
        journal_length = read_file(scratch_path(&dir, "luot.db-wal"), journal);
        cr_assert_geq(journal_length, was, "the log was begun anew");
        s->ops->close(s);
        scratch_free(&dir);
        find_commits(commit);
        if (pages == 12)
            first_cut = commit[1];
        memset(journal + first_cut, 0, FRAME);
    }
}

Test(sqlite_log, that_is_garbage_or_short_says_nothing)
{
    char sentence[512];

    make_killed(0);
    for (size_t n = 0; n < 3 * FRAME; n += 97) {
        for (size_t i = 0; i < n; i++)
            journal[i] = (char)(i * 31 + n);
        journal_length = n;
        cr_expect_eq(open_killed(sentence), 0);
        cr_expect_str_empty(sentence, "%s", sentence);
    }
}
