/* What an adoption lost, had again from stores that answer, that do not, that were lost
 * themselves, or that cannot read one site's rows. */
#include <criterion/criterion.h>

#include "base/error.h"
#include "count/site_seal.h"
#include "lib/province.h"
#include "store/history.h"

/* A store that says one thing: so many views, or an error, of all or of one site. */
struct told {
    struct store store;
    uint64_t views;
    int error;
    const char *only; /* whom the error is about; NULL: everybody */
    unsigned asked;
};

static int has_total(struct store *s, struct slice site, unsigned parts,
                     int64_t since_day, struct history_row *ret_row)
{
    struct told *told = (struct told *)s;

    (void)parts, (void)since_day;
    told->asked++;
    *ret_row = (struct history_row){.views = told->views};
    return told->only == NULL || slice_equal(site, slice_of(told->only)) ? told->error
                                                                         : 0;
}

static int has_no_rows(struct store *s, struct slice site, enum change_kind kind,
                       unsigned parts, int64_t from, int64_t until, history_row_fn *row,
                       void *context)
{
    (void)s, (void)site, (void)kind, (void)parts;
    (void)from, (void)until, (void)row, (void)context;
    return 0;
}

static const struct store_ops ops = {.history = has_no_rows, .total = has_total};
static const int64_t wednesday = 1715731200;
static struct province p;
static struct told first, second;
static struct history_stores stores;

/* Sites "demo" and "other" that have lost numbers; `n` stores. */
static void open_with(unsigned n)
{
    static const char *const names[] = {"demo", "other"};

    province_open(&p, "[site demo]\n[site other]\n", (struct instant){wednesday * 1000});
    for (int i = 0; i < 2; i++) {
        struct site *s = province_site(&p, names[i]);

        damage_lose(&s->seal->damage);
        damage_settle(&s->seal->damage, &s->block->hits);
    }
    first.store.ops = second.store.ops = &ops;
    stores = (struct history_stores){.count = n,
                                     .store = {&first.store, &second.store},
                                     .where = {"sqlite:/a", "redis://:secret@b"}};
}

static uint64_t total(const char *key)
{
    return province_number(&p, key, SPAN_TOTAL, METRIC_VIEWS);
}

static bool waits(const char *key)
{
    return site_awaits_saved(province_site(&p, key));
}

static int at_start(void)
{
    return history_raise_lost(p.registry, &stores, p.now);
}

/* The reader asks, the keeper takes it, the reader says so. */
static int later(bool is_time_over)
{
    int rv = history_raise_late(p.registry, &stores, p.now, is_time_over);

    province_until(&p, instant_seconds(p.now) + 12);
    (void)history_raise_late(p.registry, &(struct history_stores){0}, p.now, false);
    return rv;
}

/* Rows of one site that cannot be read are no reason for another to wait for ever; a store
 * that is away is asked once. */
Test(history_own, one_site_that_cannot_be_read_keeps_no_other_waiting)
{
    open_with(1);
    first = (struct told){.store.ops = &ops, .views = 7, .error = ERR_TIMEOUT};
    cr_expect_eq(at_start(), ERR_TIMEOUT);
    cr_expect_eq(first.asked, 1, "a start waits for it once");
    cr_expect_eq(later(false), ERR_TIMEOUT);
    cr_expect_eq(first.asked, 2);
    cr_expect(waits("other"));
    first.error = ERR_CORRUPT;
    first.only = "demo";
    cr_expect_eq(later(false), ERR_CORRUPT);
    cr_expect_not(waits("other"));
    cr_expect(waits("demo"));
    cr_expect_eq(total("other"), 7);
    first.error = 0;
    cr_expect_eq(later(false), 0);
    cr_expect_not(waits("demo"));
    cr_expect_eq(total("demo"), 7);
    province_close(&p);
}

Test(history_own, a_store_that_never_answers_keeps_nothing_from_one_that_does)
{
    open_with(2);
    first.error = ERR_IO;
    second.views = 9;
    cr_expect_eq(at_start(), 0);
    cr_expect_eq(first.asked, 1);
    cr_expect_not(waits("demo"));
    cr_expect_eq(total("demo"), 9);
    cr_expect_eq(total("other"), 9);
    cr_expect_eq(province_site(&p, "demo")->damage.unread, 1U << 0, "for luotctl check");
    province_close(&p);
}

Test(history_own, the_most_that_any_store_has_is_taken)
{
    open_with(2);
    first.views = 9;
    second.views = 12;
    cr_expect_eq(at_start(), 0);
    cr_expect_eq(total("demo"), 12);
    cr_expect_eq(province_site(&p, "demo")->damage.unread, 0);
    province_close(&p);
}

/* The one that answers has perhaps lost it as well. */
Test(history_own, a_store_with_nothing_waits_for_the_other_for_a_time)
{
    open_with(2);
    second.error = ERR_TIMEOUT;
    cr_expect_neq(at_start(), 0);
    (void)later(false);
    cr_expect(waits("demo"));
    second.error = 0;
    second.views = 9;
    cr_expect_eq(later(false), 0);
    cr_expect_not(waits("demo"));
    cr_expect_eq(total("demo"), 9);
    province_close(&p);
}

Test(history_own, and_no_longer)
{
    open_with(2);
    second.error = ERR_TIMEOUT;
    cr_expect_neq(at_start(), 0);
    province_view(&p, "demo", 1);
    (void)later(true);
    cr_expect_not(waits("demo"), "it is saved to the store that works");
    cr_expect_eq(total("demo"), 1);
    cr_expect_eq(province_site(&p, "demo")->damage.unread, 1U << 1);
    province_close(&p);
}

Test(history_own, rows_that_can_never_be_read_keep_a_site_from_its_store_for_a_time_only)
{
    open_with(1);
    first.error = ERR_CORRUPT;
    cr_expect_eq(at_start(), ERR_CORRUPT);
    (void)later(false);
    cr_expect(waits("demo"));
    (void)later(true);
    cr_expect_not(waits("demo"));
    cr_expect_eq(province_site(&p, "demo")->damage.unread, 1U << 0);
    province_close(&p);
}

Test(history_own, where_no_store_works_a_site_waits_on)
{
    open_with(2);
    first.error = second.error = ERR_IO;
    cr_expect_eq(at_start(), ERR_IO);
    (void)later(true);
    cr_expect(waits("demo"));
    second.error = 0;
    second.views = 5;
    (void)later(true);
    cr_expect_not(waits("demo"));
    cr_expect_eq(total("demo"), 5);
    province_close(&p);
}
