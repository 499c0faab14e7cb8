/* Many sites read as of one moment: the answers are those of any other time. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "lib/scratch.h"
#include "store/store.h"

static const struct deadline none = {0};

/* Each site has another thing; the last is in no table at all. */
static const char *const sites[] = {"own",    "other", "seeded", "adjusted",
                                    "loaded", "pages", "tops",   "nothing"};
enum { SITES = sizeof sites / sizeof sites[0], TEXT = 1 << 16, DAY = 20000 };

static struct store *open_as(const struct scratch *dir, uint64_t incarnation)
{
    char where[300], sentence[512];
    struct store *s = NULL;

    snprintf(where, sizeof where, "sqlite:%s", scratch_path(dir, "luot.db"));
    cr_assert_eq(store_open(&s, where, "node", incarnation, sentence), 0, "%s", sentence);
    return s;
}

static void save_live(struct store *s, const char *site, uint64_t n)
{
    struct change c[] = {
        {.kind = CHANGE_TOTAL, .views = 3 * n, .visits = 2 * n},
        {.kind = CHANGE_DAY, .number = DAY, .views = n, .visits = n, .visitors = n},
        {.kind = CHANGE_QUARTER, .number = DAY * 96 + 1, .views = n, .visits = n},
        {.kind = CHANGE_WEEK, .number = DAY / 7, .visitors = n, .exact = true},
        {.kind = CHANGE_MONTH, .number = DAY / 30, .visitors = n, .exact = true},
        {.kind = CHANGE_ENGAGED, .number = DAY, .views = 1, .visits = n},
        {.kind = CHANGE_PAGE, .views = n, .blob = SLICE("/a")},
    };

    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++)
        c[i].site = slice_of(site);
    cr_assert_eq(s->ops->save(s, c, sizeof c / sizeof c[0], none), 0);
}

static void save_tops(struct store *s, const char *site, uint64_t views)
{
    const struct top_row row = {
        .key = SLICE("/tin"), .views = views, .visitors = 2, .lacks = 1};
    const struct change c = {.kind = CHANGE_TOPS,
                             .site = slice_of(site),
                             .number = DAY,
                             .blob = {(const char *)&row, sizeof row}};

    cr_assert_eq(s->ops->save(s, &c, 1, none), 0);
}

static void import(struct store *s, const char *site)
{
    const struct import_source source = {.first_line = 7, .bytes = 99, .name = "a.log"};
    const struct change rows[] = {
        {.kind = CHANGE_DAY, .number = DAY - 9, .views = 5, .visits = 4, .visitors = 3},
        {.kind = CHANGE_HOUR, .number = DAY * 24, .views = 5, .visits = 4, .visitors = 3},
        {.kind = CHANGE_WEEK, .number = DAY / 7 - 1, .visits = 4, .visitors = 3},
        {.kind = CHANGE_MONTH, .number = DAY / 30, .visits = 4, .visitors = 3}};

    cr_assert_eq(s->ops->import(s, slice_of(site), &source, 0, 1, rows, 4), 0);
}

static void fill(struct store *ours, struct store *theirs)
{
    const struct seed_row seed = {.at_s = 5, .as_of_s = 6, .total = 50510, .metric = 1};
    const struct adjust_row adjust = {.at_s = 9, .metric = 0, .day = DAY, .by = -4};
    const struct page_seed page = {.page = SLICE("/old"), .views = 1234};

    for (int i = 0; i < SITES - 1; i++)
        save_live(ours, sites[i], (uint64_t)i + 1);
    save_tops(ours, "own", 8);
    cr_assert_eq(ours->ops->seed_set(ours, SLICE("seeded"), &seed), 0);
    cr_assert_eq(ours->ops->adjust_add(ours, SLICE("adjusted"), &adjust), 0);
    import(ours, "loaded");
    cr_assert_eq(ours->ops->page_seed(ours, SLICE("pages"), &page), 0);
    if (theirs == NULL)
        return;
    save_live(theirs, "other", 40);
    save_tops(theirs, "tops", 9);
}

/* --- Everything that a store answers of a site, as text --- */

static int write_row(void *context, const struct history_row *row)
{
    buffer_format(context, " %lld:%llu,%llu,%llu,%d%d", (long long)row->number,
                  (unsigned long long)row->views, (unsigned long long)row->visits,
                  (unsigned long long)row->visitors, row->exact, row->deduplicated);
    return 0;
}

static int write_top(void *context, const struct top_row *row)
{
    buffer_format(context, " %.*s:%llu,%llu,%llu", (int)row->key.length, row->key.at,
                  (unsigned long long)row->views, (unsigned long long)row->visitors,
                  (unsigned long long)row->lacks);
    return 0;
}

static void write_said(struct buffer *b, struct store *s, struct slice site)
{
    int64_t created = 0, live = 0;

    for (int m = 0; m < 3; m++) {
        struct seed_row seed = {.total = 0};
        int rv = s->ops->seed_get(s, site, m, &seed);

        buffer_format(b, "\nseed %d %d %llu", m, rv, (unsigned long long)seed.total);
    }
    buffer_text(b, "\npages");
    cr_assert_eq(s->ops->pages(s, site, 10, write_top, b), 0);
    buffer_format(b, "\nfirst %d", s->ops->site_first(s, site, &created, &live));
}

static void write_parts(struct buffer *b, struct store *s, struct slice site,
                        unsigned parts)
{
    static const int64_t since[] = {INT64_MIN, DAY - 9, DAY};

    for (int kind = CHANGE_DAY; kind <= CHANGE_ENGAGED; kind++) {
        buffer_format(b, "\n%d of %u:", kind, parts);
        cr_assert_eq(s->ops->history(s, site, (enum change_kind)kind, parts, INT64_MIN,
                                     INT64_MAX, write_row, b),
                     0);
    }
    for (int i = 0; i < 3; i++) {
        struct history_row sum;

        cr_assert_eq(s->ops->total(s, site, parts, since[i], &sum), 0);
        write_row(b, &sum);
    }
    buffer_text(b, "\ntops");
    cr_assert_eq(s->ops->tops(s, site, "pages", parts, DAY, DAY + 1, write_top, b), 0);
}

static char *all_answers(struct store *s)
{
    char *text = malloc(TEXT);
    struct buffer b;

    buffer_init(&b, text, TEXT - 1);
    for (int i = 0; i < SITES; i++) {
        buffer_format(&b, "\n== %s", sites[i]);
        for (unsigned parts = 1; parts <= HISTORY_ALL; parts++)
            write_parts(&b, s, slice_of(sites[i]), parts);
        buffer_text(&b, "\nhours");
        cr_assert_eq(s->ops->imported_hours(s, slice_of(sites[i]), INT64_MIN, INT64_MAX,
                                            write_row, &b),
                     0);
        write_said(&b, s, slice_of(sites[i]));
    }
    cr_assert_eq(buffer_error(&b), 0);
    text[b.length] = '\0';
    return text;
}

static void same_in_a_moment(struct store *s)
{
    char *alone = all_answers(s), *moment, *after;

    s->ops->moment(s, true);
    moment = all_answers(s);
    s->ops->moment(s, false);
    after = all_answers(s);
    cr_expect_str_eq(moment, alone);
    cr_expect_str_eq(after, alone);
    free(alone);
    free(moment);
    free(after);
}

Test(store_moment, has_the_answers_of_any_other_time)
{
    struct scratch dir = scratch_new();
    struct store *ours = open_as(&dir, 1), *theirs;

    same_in_a_moment(ours); /* nothing at all */
    fill(ours, NULL);
    same_in_a_moment(ours);
    theirs = open_as(&dir, 2);
    same_in_a_moment(theirs); /* whose run is not there yet */
    fill(ours, theirs);
    same_in_a_moment(ours);
    same_in_a_moment(theirs);
    ours->ops->close(ours);
    theirs->ops->close(theirs);
    scratch_free(&dir);
}

Test(store_moment, sees_nothing_that_comes_while_it_lasts_and_all_of_it_afterwards)
{
    struct scratch dir = scratch_new();
    struct store *ours = open_as(&dir, 1), *theirs = open_as(&dir, 2);
    char *before, *during, *after;

    save_live(ours, "own", 1);
    before = all_answers(ours);
    ours->ops->moment(ours, true);
    fill(theirs, NULL);
    during = all_answers(ours);
    ours->ops->moment(ours, false);
    after = all_answers(ours);
    cr_expect_str_eq(during, before);
    cr_expect_str_neq(after, before);
    save_live(ours, "own", 99); /* it writes again */
    same_in_a_moment(ours);
    free(before);
    free(during);
    free(after);
    ours->ops->close(ours);
    theirs->ops->close(theirs);
    scratch_free(&dir);
}

Test(store_moment, may_begin_and_end_twice)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);

    fill(s, NULL);
    s->ops->moment(s, false);
    s->ops->moment(s, true);
    s->ops->moment(s, true);
    s->ops->moment(s, false);
    s->ops->moment(s, false);
    same_in_a_moment(s);
    save_live(s, "own", 100);
    s->ops->close(s);
    scratch_free(&dir);
}
