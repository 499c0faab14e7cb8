/* The format of dumps: what is written is read back, and what is not whole is refused. */
#include "store/dump.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "lib/scratch.h"
#include "store/history.h"

enum { ROOM = 1 << 20 };

static struct dump_value number(int64_t n)
{
    return (struct dump_value){.number = n};
}

static struct dump_value text(const char *t)
{
    return (struct dump_value){.text = slice_of(t)};
}

/* A dump with a line of each kind; its length. */
static size_t write_example(char *memory)
{
    const struct dump_value node = text("vm 1"), run = text("00c0ffee00c0ffee");
    const struct dump_row rows[] = {
        {DUMP_GAP, {number(1000), number(1012), node}},
        {DUMP_NAME,
         {text("new"), text("name"), text("demo"), text(""), number(1795413600123),
          number(1000)}},
        {DUMP_SITE, {text("demo"), text(""), number(1), number(2), number(3)}},
        {DUMP_TOTAL, {number(12), number(5), node, run}},
        {DUMP_DAY,
         {number(20780), number(12), number(5), number(4), number(1), node, run}},
        {DUMP_QUARTER, {number(1995000), number(12), number(5), node, run}},
        {DUMP_WEEK, {number(2968), number(4), number(1), node, run}},
        {DUMP_MONTH,
         {number(682), number(4), number(0), node, text("00c0ffee00c0ffee.old")}},
        {DUMP_ENGAGED, {number(20780), number(3), number(5), node, run}},
        {DUMP_SKETCH, {number(20780), node, run, text("HYLL\1\2\3")}},
        {DUMP_TOP,
         {number(5319681), number(20780), text("pages"),
          text("/tin-t\xE1\xBB\xA9"
               "c"),
          number(12), number(4), number(0), number(19), node, run}},
        {DUMP_TOP_MONTH,
         {number(5319681), number(20759), text("referrers"), text(""), number(120),
          number(0), number(3), number(120), node, run}},
        {DUMP_PAGE,
         {number(1),
          text("/tin-t\xE1\xBB\xA9"
               "c"),
          number(30), node, run}},
        {DUMP_PAGE_SEED,
         {number(1), text("/"), number(1000), number(12), number(9), number(1000),
          text("the old counter")}},
        {DUMP_ADJUST,
         {number(20780), number(1), number(-3), number(9), number(0), number(1),
          text("l\xC6\xB0\xE1\xBB\xA3t %\n\" truy c\xE1\xBA\xADp")}},
        {DUMP_SEED,
         {number(1),
          number(50510),
          {.absent = true},
          number(84),
          number(0),
          number(7),
          number(6),
          number(5),
          number(4),
          number(3),
          number(1),
          number(9),
          number(1000),
          text("")}},
        {DUMP_AUDIT, {number(9), number(0), number(1), text("seed metric=visits")}},
        {DUMP_SOURCE,
         {text("0123456789abcdef"), number(500), number(9), number(8), number(1),
          number(7), number(0), number(4), number(6), text("access.log")}},
        {DUMP_IMPORTED_DAY,
         {number(20000), number(7), number(-2), number(3), number(500),
          text("0123456789abcdef")}},
        {DUMP_IMPORTED_HOUR,
         {number(480000), number(7), number(2), number(3), number(500),
          text("0123456789abcdef")}},
        {DUMP_IMPORTED_WEEK,
         {number(2857), number(2), number(3), number(500), text("0123456789abcdef")}},
        {DUMP_IMPORTED_MONTH,
         {number(657), number(2), number(3), number(500), text("0123456789abcdef")}},
    };
    struct dump_tally tally;
    struct buffer b;

    buffer_init(&b, memory, ROOM);
    dump_tally_init(&tally);
    dump_write_first(&b, &tally, "0.1.0", "vm 1", 1795413600);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        dump_write_row(&b, &tally, &rows[i]);
    dump_write_last(&b, &tally, (struct dump_place){DUMP_NONE, 0}, 0);
    cr_assert_eq(buffer_error(&b), 0);
    return b.length;
}

/* 0 when all of it is read; else the first error. */
static int read_document(const char *at, size_t length, char sentence[256])
{
    struct dump_reader *r = malloc(sizeof *r);
    int rv = 0;

    cr_assert_not_null(r);
    dump_reader_init(r);
    while (length > 0 && rv == 0) {
        size_t line = slice_find((struct slice){at, length}, '\n');
        if (line == length)
            break;
        rv = dump_reader_line(r, (struct slice){at, line + 1}, sentence);
        at += line + 1;
        length -= line + 1;
    }
    if (rv == 0)
        rv = dump_reader_end(r, sentence);
    free(r);
    return rv;
}

Test(dump, reads_what_it_writes_and_writes_it_again_to_the_byte)
{
    char *first = malloc(ROOM), *again = malloc(ROOM), sentence[256];
    size_t length = write_example(first), at = 0;
    struct dump_reader *r = malloc(sizeof *r);
    struct dump_tally tally;
    struct buffer b;
    unsigned kinds = 0;

    buffer_init(&b, again, ROOM);
    dump_tally_init(&tally);
    dump_reader_init(r);
    while (at < length) {
        size_t line = slice_find((struct slice){first + at, length - at}, '\n') + 1;
        cr_assert_eq(dump_reader_line(r, (struct slice){first + at, line}, sentence), 0,
                     "%s", sentence);
        if (r->row.kind != DUMP_NONE) {
            dump_write_row(&b, &tally, &r->row);
            kinds |= 1U << r->row.kind;
        } else if (!r->ended)
            dump_write_first(&b, &tally, r->version, r->node, r->at_s);
        at += line;
    }
    dump_write_last(&b, &tally, r->next, r->state);
    cr_expect_eq(kinds, (1U << DUMP_KINDS) - 2, "a line of each kind");
    cr_expect_eq(b.length, length);
    cr_expect_arr_eq(again, first, length);
    cr_expect_str_eq(r->node, "vm 1");
    free(r);
    free(first);
    free(again);
}

Test(dump, cut_at_any_byte_it_is_refused_and_says_that_it_was_cut)
{
    char *memory = malloc(ROOM), sentence[256];
    size_t length = write_example(memory);

    for (size_t cut = 0; cut < length; cut++) {
        cr_assert_eq(read_document(memory, cut, sentence), ERR_PARTIAL, "cut at %zu",
                     cut);
        cr_assert_not_null(strstr(sentence, "was cut off"), "%s", sentence);
    }
    cr_expect_eq(read_document(memory, length, sentence), 0);
    free(memory);
}

Test(dump, with_any_byte_changed_or_any_line_missing_or_twice_it_is_refused)
{
    char *memory = malloc(ROOM), *other = malloc(ROOM), sentence[256];
    size_t length = write_example(memory);

    for (size_t i = 0; i < length; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            memory[i] ^= (char)(1U << bit);
            cr_assert_neq(read_document(memory, length, sentence), 0,
                          "bit %u of byte %zu", bit, i);
            memory[i] ^= (char)(1U << bit);
        }
    }
    for (size_t at = 0; at < length;) {
        size_t line = slice_find((struct slice){memory + at, length - at}, '\n') + 1;
        memcpy(other, memory, at);
        memcpy(other + at, memory + at + line, length - at - line);
        cr_assert_neq(read_document(other, length - line, sentence), 0,
                      "line at %zu gone", at);
        memcpy(other + at, memory + at, line);
        memcpy(other + at + line, memory + at, length - at);
        cr_assert_neq(read_document(other, length + line, sentence), 0,
                      "line at %zu twice", at);
        at += line;
    }
    free(memory);
    free(other);
}

Test(dump, of_a_newer_luot_is_refused_by_name)
{
    char sentence[256];
    const char *newer = "luot-dump 2 version=9.0 node=a at=1\n", *none = "hello\n";

    cr_expect_eq(read_document(newer, strlen(newer), sentence), ERR_VERSION);
    cr_expect_not_null(strstr(sentence, "a newer luot"), "%s", sentence);
    cr_expect_eq(read_document(none, strlen(none), sentence), ERR_MALFORMED);
    cr_expect_not_null(strstr(sentence, "not a dump"), "%s", sentence);
}

Test(dump, a_place_is_written_and_read)
{
    char memory[64];
    struct dump_place place = {DUMP_IMPORTED_HOUR, -5}, again;
    struct buffer b;

    buffer_init(&b, memory, sizeof memory);
    dump_place_write(&b, place);
    cr_expect(slice_equal(buffer_written(&b), SLICE("imported-hour:-5")));
    cr_expect_eq(dump_place_parse(&again, buffer_written(&b)), 0);
    cr_expect_eq(again.kind, DUMP_IMPORTED_HOUR);
    cr_expect_eq(again.number, -5);
    cr_expect_eq(dump_place_parse(&again, SLICE("tomorrow:1")), ERR_MALFORMED);
}

/* --- Through a store --- */

static struct store *open_as(const struct scratch *dir, const char *file,
                             uint64_t incarnation)
{
    char where[300], sentence[512];
    struct store *s = NULL;

    snprintf(where, sizeof where, "sqlite:%s", scratch_path(dir, file));
    cr_assert_eq(store_open(&s, where, "node", incarnation, sentence), 0, "%s", sentence);
    return s;
}

static void fill(struct store *s, uint64_t factor)
{
    const struct slice demo = SLICE("demo");
    const struct change changes[] = {
        {CHANGE_SITE, demo, 100, 200, 300, 0, false, {NULL, 0}},
        {CHANGE_DAY, demo, 20780, 12 * factor, 5, 4, true, {NULL, 0}},
        {CHANGE_DAY, demo, 20781, 7 * factor, 3, 2, false, {NULL, 0}},
        {CHANGE_QUARTER, demo, 1995000, 12 * factor, 5, 0, true, {NULL, 0}},
        {CHANGE_WEEK, demo, 2968, 0, 0, 5, true, {NULL, 0}},
        {CHANGE_MONTH, demo, 682, 0, 0, 5, true, {NULL, 0}},
        {CHANGE_TOTAL, demo, 0, 19 * factor, 8, 0, true, {NULL, 0}},
    };
    const struct seed_row seed = {.at_s = 50,
                                  .metric = 1,
                                  .as_of_s = 40,
                                  .total = 1000,
                                  .offset_total = 3,
                                  .has_week = true,
                                  .week = 9,
                                  .note = "the old one"};
    const struct adjust_row adjust = {.at_s = 60, .metric = 0, .day = 20780, .by = -2};
    const struct import_source source = {.first_line = 77,
                                         .bytes = 900,
                                         .views = 6,
                                         .from_s = 5,
                                         .to_s = 6,
                                         .name = "a b.log"};
    const struct change rows[] = {
        {CHANGE_DAY, demo, 20000, 6, 3, 2, true, {NULL, 0}},
        {CHANGE_HOUR, demo, 480000, 6, 3, 2, true, {NULL, 0}},
        {CHANGE_WEEK, demo, 2857, 0, 3, 2, true, {NULL, 0}},
        {CHANGE_MONTH, demo, 657, 0, 3, 2, true, {NULL, 0}},
    };

    cr_assert_eq(s->ops->save(s, changes, 7, (struct deadline){0}), 0);
    if (factor > 1)
        return;
    cr_assert_eq(s->ops->adjust_add(s, demo, &adjust), 0);
    cr_assert_eq(s->ops->seed_set(s, demo, &seed), 0);
    cr_assert_eq(s->ops->adjust_add(s, demo, &adjust), 0);
    cr_assert_eq(s->ops->adjust_add(s, demo, &adjust),
                 0); /* twice the same, both count */
    cr_assert_eq(s->ops->import(s, demo, &source, 0, 70, rows, 4), 0);
    cr_assert_eq(s->ops->gap_add(s, 10, 30), 0);
}

/* All of a site as one document. */
static size_t dump_store(struct store *s, const char *key, char *memory)
{
    struct buffer b;

    buffer_init(&b, memory, ROOM);
    cr_assert_eq(history_dump(s, slice_of(key), (struct dump_place){DUMP_NONE, 0}, "0",
                              "node", (struct instant){1000000}, &b),
                 0);
    return b.length;
}

struct lines {
    struct dump_reader reader;
    struct slice rest;
};

static int next_line(void *context, const struct dump_row **ret_row)
{
    struct lines *l = context;
    char sentence[256];

    do {
        size_t n = slice_find(l->rest, '\n') + 1;
        int rv;

        if (n > l->rest.length)
            return dump_reader_end(&l->reader, sentence) != 0 ? ERR_PARTIAL
                                                              : ERR_NOT_FOUND;
        rv = dump_reader_line(&l->reader, (struct slice){l->rest.at, n}, sentence);
        if (rv != 0)
            return rv;
        l->rest.at += n;
        l->rest.length -= n;
    } while (l->reader.row.kind == DUMP_NONE);
    *ret_row = &l->reader.row;
    return 0;
}

static int load_into(struct store *s, const char *bytes, size_t length)
{
    struct lines *l = malloc(sizeof *l);
    int rv;

    dump_reader_init(&l->reader);
    l->rest = (struct slice){bytes, length};
    rv = s->ops->load(s, next_line, l, 1000, 2000, "load it");
    free(l);
    return rv;
}

static uint64_t total_views(struct store *s)
{
    struct history_row row;

    cr_assert_eq(s->ops->total(s, SLICE("demo"), HISTORY_ALL, INT64_MIN, &row), 0);
    return row.views;
}

static int add_views(void *context, const struct history_row *row)
{
    *(uint64_t *)context += row->views;
    return 0;
}

static uint64_t views_of_days(struct store *s)
{
    uint64_t sum = 0;

    cr_assert_eq(s->ops->history(s, SLICE("demo"), CHANGE_DAY, HISTORY_ALL, INT64_MIN,
                                 INT64_MAX, add_views, &sum),
                 0);
    return sum;
}

/* What two dumps of the same things have in common: all but the lines that say when. */
static void expect_same_rows(const char *a, size_t a_length, const char *b,
                             size_t b_length)
{
    struct slice left = {a, a_length}, right = {b, b_length};

    slice_cut(&left, '\n');
    slice_cut(&right, '\n');
    for (;;) {
        struct slice x = slice_cut(&left, '\n'), y;
        do
            y = slice_cut(&right, '\n');
        while (slice_ends(y, SLICE("what=load%20it")));
        if (slice_starts(x, SLICE("end ")) && slice_starts(y, SLICE("end ")))
            return;
        cr_assert(slice_equal(x, y), "%.*s | %.*s", (int)x.length, x.at, (int)y.length,
                  y.at);
    }
}

Test(dump, of_a_store_loaded_into_an_empty_one_is_the_same_and_twice_too)
{
    struct scratch dir = scratch_new();
    struct store *from = open_as(&dir, "from.db", 1), *into = open_as(&dir, "into.db", 2);
    char *first = malloc(ROOM), *again = malloc(ROOM);
    size_t length;
    struct seed_row seed;

    fill(from, 1);
    length = dump_store(from, "demo", first);
    for (int twice = 0; twice < 2; twice++) {
        cr_assert_eq(load_into(into, first, length), 0);
        expect_same_rows(first, length, again, dump_store(into, "demo", again));
        cr_expect_eq(total_views(into), total_views(from));
        cr_expect_eq(into->ops->seed_get(into, SLICE("demo"), 1, &seed), 0);
        cr_expect_eq(seed.total, 1000);
        cr_expect_eq(seed.offset_total, 3);
        cr_expect(seed.has_week && !seed.has_today);
    }
    from->ops->close(from);
    into->ops->close(into);
    free(first);
    free(again);
    scratch_free(&dir);
}

Test(dump, a_later_one_moves_what_is_there_forward_and_an_earlier_one_never_back)
{
    struct scratch dir = scratch_new();
    struct store *from = open_as(&dir, "from.db", 1), *into = open_as(&dir, "into.db", 2);
    char *early = malloc(ROOM), *late = malloc(ROOM);
    size_t early_length, late_length;

    fill(from, 1);
    early_length = dump_store(from, "demo", early);
    fill(from, 3);
    late_length = dump_store(from, "demo", late);
    cr_assert_eq(load_into(into, early, early_length), 0);
    cr_assert_eq(load_into(into, late, late_length), 0);
    cr_expect_eq(total_views(into), total_views(from));
    cr_assert_eq(load_into(into, early, early_length), 0);
    cr_expect_eq(total_views(into), total_views(from));
    fill(into, 1); /* its own run counts beside what came */
    cr_expect_eq(total_views(into) > total_views(from), true);
    from->ops->close(from);
    into->ops->close(into);
    free(early);
    free(late);
    scratch_free(&dir);
}

Test(dump, cut_at_any_line_nothing_of_it_is_in_the_store)
{
    struct scratch dir = scratch_new();
    struct store *from = open_as(&dir, "from.db", 1), *into = open_as(&dir, "into.db", 2);
    char *memory = malloc(ROOM);
    size_t length;
    int64_t created, live;

    fill(from, 1);
    length = dump_store(from, "demo", memory);
    for (size_t at = 0; at < length;) {
        cr_assert_eq(load_into(into, memory, at), ERR_PARTIAL);
        cr_assert_eq(into->ops->site_first(into, SLICE("demo"), &created, &live),
                     ERR_NOT_FOUND);
        at += slice_find((struct slice){memory + at, length - at}, '\n') + 1;
    }
    cr_expect_eq(load_into(into, memory, length), 0);
    from->ops->close(from);
    into->ops->close(into);
    free(memory);
    scratch_free(&dir);
}

Test(dump, in_pieces_has_every_row)
{
    struct scratch dir = scratch_new();
    struct store *from = open_as(&dir, "from.db", 1), *into = open_as(&dir, "into.db", 2);
    struct dump_place place = {DUMP_NONE, 0};
    size_t room = 2 * DUMP_LINE_MAX;
    char *piece = malloc(room);
    struct change day = {
        .kind = CHANGE_DAY, .site = SLICE("demo"), .views = 3, .exact = true};
    unsigned pieces = 0;

    for (day.number = 15000; day.number < 17000; day.number++)
        cr_assert_eq(from->ops->save(from, &day, 1, (struct deadline){0}), 0);
    fill(from, 1);
    do {
        struct dump_reader *r = malloc(sizeof *r);
        char sentence[256];
        struct slice rest;
        struct buffer b;

        buffer_init(&b, piece, room);
        cr_assert_eq(history_dump(from, SLICE("demo"), place, "0", "node",
                                  (struct instant){0}, &b),
                     0);
        cr_assert_eq(load_into(into, piece, b.length), 0);
        dump_reader_init(r);
        for (rest = buffer_written(&b); rest.length > 0;) {
            size_t n = slice_find(rest, '\n') + 1;
            cr_assert_eq(dump_reader_line(r, (struct slice){rest.at, n}, sentence), 0);
            rest.at += n;
            rest.length -= n;
        }
        place = r->next;
        free(r);
        pieces++;
    } while (place.kind != DUMP_NONE && pieces < 100);
    cr_expect_gt(pieces, 3);
    cr_expect_lt(pieces, 100);
    cr_expect_eq(total_views(into), total_views(from));
    cr_expect_eq(views_of_days(into), views_of_days(from));
    cr_expect_gt(views_of_days(into), 6000);
    {
        struct history_row a, b;
        cr_assert_eq(
            from->ops->total(from, SLICE("demo"), HISTORY_IMPORTED, INT64_MIN, &a), 0);
        cr_assert_eq(
            into->ops->total(into, SLICE("demo"), HISTORY_IMPORTED, INT64_MIN, &b), 0);
        cr_expect_eq(a.views, b.views);
    }
    from->ops->close(from);
    into->ops->close(into);
    free(piece);
    scratch_free(&dir);
}
