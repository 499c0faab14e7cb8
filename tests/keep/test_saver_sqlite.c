/* The saver and the real store, a round at a time. What breaks: test_saver.c. */
#include "keep/saver.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "lib/province.h"

static const struct deadline none = {0};
static const struct slice demo = SLICE("demo");
enum { DAY_S = 86400 };
/* 2024-03-04 10:00 UTC, a Monday. */
static const int64_t monday = 19786 * (int64_t)DAY_S + 10 * 3600;

/* A store between the saver and the real one: counts, and fails when told to. */
struct gate {
    struct store store;
    struct store_ops ops;
    struct store *real;
    int fail;       /* code that saving returns, 0: none */
    unsigned after; /* saves that still work before it   */
    size_t saves, rows, quarters, sketches, alive;
    struct change day; /* the last one */
};

static int gate_save(struct store *s, const struct change *changes, size_t n,
                     struct deadline d)
{
    struct gate *g = (struct gate *)s;

    if (g->fail != 0 && g->after == 0)
        return g->fail;
    g->after -= g->after > 0;
    g->saves++;
    g->rows += n;
    for (size_t i = 0; i < n; i++) {
        g->quarters += changes[i].kind == CHANGE_QUARTER;
        g->sketches += changes[i].kind == CHANGE_SKETCH;
        g->alive += changes[i].kind == CHANGE_ALIVE;
        if (changes[i].kind == CHANGE_DAY)
            g->day = changes[i];
    }
    return g->real->ops->save(g->real, changes, n, d);
}

static int gate_history(struct store *s, struct slice site, enum change_kind kind,
                        unsigned parts, int64_t from, int64_t until, history_row_fn *row,
                        void *context)
{
    struct gate *g = (struct gate *)s;

    return g->real->ops->history(g->real, site, kind, parts, from, until, row, context);
}

static void gate_close(struct store *s)
{
    (void)s;
}

static struct saver *saver_of(const struct province *p, struct gate *g)
{
    struct saver_options options = {.registry = p->registry, .store = &g->store};
    struct saver *s;

    *g = (struct gate){.real = province_store(p)};
    g->ops = (struct store_ops){
        .save = gate_save, .history = gate_history, .close = gate_close};
    g->store.ops = &g->ops;
    cr_assert_eq(saver_new(&s, &options), 0);
    return s;
}

static void done(struct saver *s, struct gate *g)
{
    saver_free(s);
    g->real->ops->close(g->real);
}

static struct province demo_at(int64_t unix_s)
{
    struct province p;

    province_open(&p, NULL, (struct instant){unix_s * 1000});
    return p;
}

static int add_up(void *context, const struct history_row *row)
{
    struct history_row *sum = context;

    sum->number++;
    sum->views += row->views;
    sum->visits += row->visits;
    sum->visitors += row->visitors;
    return 0;
}

static struct history_row kept(const struct gate *g, enum change_kind kind)
{
    struct history_row sum = {0};

    cr_assert_eq(g->real->ops->history(g->real, demo, kind, HISTORY_ALL, INT64_MIN,
                                       INT64_MAX, add_up, &sum),
                 0);
    return sum;
}

static void round_of(struct saver *s, const struct province *p)
{
    cr_assert_eq(saver_round(s, p->now, false, none), 0);
}

Test(saver_sqlite, saves_what_was_counted_in_every_row_it_belongs_to)
{
    struct province p = demo_at(monday);
    struct gate g;
    struct saver *s = saver_of(&p, &g);
    struct history_row total;

    for (uint32_t v = 1; v <= 3; v++)
        province_view(&p, "demo", v);
    province_view(&p, "demo", 1);
    round_of(s, &p);
    for (enum change_kind k = CHANGE_DAY; k <= CHANGE_MONTH; k++) {
        struct history_row row = kept(&g, k);
        cr_expect_eq(row.number, 1, "kind %d", k);
        if (k <= CHANGE_QUARTER) {
            cr_expect_eq(row.views, 4);
            cr_expect_eq(row.visits, 3);
        }
        if (k != CHANGE_QUARTER)
            cr_expect_eq(row.visitors, 3);
    }
    cr_assert_eq(g.real->ops->total(g.real, demo, HISTORY_LIVE_OWN, INT64_MIN, &total),
                 0);
    cr_expect_eq(total.views, 4);
    cr_expect_eq(total.visits, 3);
    cr_expect_eq(total.visitors, 3);
    done(s, &g);
    province_close(&p);
}

Test(saver_sqlite, brings_everything_when_a_store_comes_back)
{
    struct province p = demo_at(monday);
    struct gate g;
    struct saver *s = saver_of(&p, &g);

    round_of(s, &p);
    g.fail = ERR_NOSPACE;
    for (int day = 0; day < 3; day++) {
        for (int hour = 1; hour <= 5; hour++) {
            province_until(&p, monday + day * DAY_S + hour * 3600);
            province_view(&p, "demo", (uint32_t)hour);
            cr_expect_eq(saver_round(s, p.now, false, none), ERR_NOSPACE);
        }
    }
    cr_expect_not(saver_status(s).durable);
    cr_expect_eq(saver_status(s).failures, 15);
    cr_expect_eq(saver_status(s).error, ERR_NOSPACE);
    g.fail = 0;
    province_until(&p, monday + 3 * DAY_S);
    round_of(s, &p);
    cr_expect(saver_status(s).durable);
    cr_expect_eq(kept(&g, CHANGE_QUARTER).number, 15);
    cr_expect_eq(kept(&g, CHANGE_QUARTER).views, 15);
    cr_expect_eq(kept(&g, CHANGE_DAY).number, 3);
    cr_expect_eq(kept(&g, CHANGE_DAY).visits, 15);
    cr_expect_eq(kept(&g, CHANGE_DAY).visitors, 15);
    done(s, &g);
    province_close(&p);
}

Test(saver_sqlite, brings_everything_after_kill_while_the_store_was_away)
{
    struct province p = demo_at(monday);
    struct gate g;
    struct saver *s = saver_of(&p, &g);

    province_view(&p, "demo", 1);
    round_of(s, &p);
    for (int hour = 1; hour <= 30; hour++) { /* nobody saves */
        province_until(&p, monday + hour * 3600);
        province_view(&p, "demo", (uint32_t)hour + 1);
    }
    done(s, &g);
    province_restart(&p);
    s = saver_of(&p, &g);
    round_of(s, &p);
    cr_expect_eq(kept(&g, CHANGE_QUARTER).number, 31);
    cr_expect_eq(kept(&g, CHANGE_QUARTER).views, 31);
    cr_expect_eq(kept(&g, CHANGE_DAY).number, 2);
    cr_expect_eq(kept(&g, CHANGE_DAY).views, 31);
    done(s, &g);
    /* Now that all is saved, the next start writes what is open or closed of late. */
    province_restart(&p);
    s = saver_of(&p, &g);
    round_of(s, &p);
    cr_expect_leq(g.quarters, 9);
    cr_expect_gt(g.quarters, 0);
    done(s, &g);
    province_close(&p);
}

Test(saver_sqlite, saves_in_several_saves_what_one_cannot_hold_and_repeats_what_failed)
{
    struct province p;
    struct gate g;
    struct saver *s;

    province_open(&p, "[site demo]\ntimezone = UTC\n[site other]\ntimezone = UTC\n",
                  (struct instant){monday * 1000});
    for (int i = 0; i < 25 * 96; i++) { /* 25 days of quarters, none saved */
        province_view(&p, "demo", (uint32_t)(i % 50) + 1);
        province_view(&p, "other", 1);
        p.now.ms += 900 * 1000;
    }
    province_until(&p, p.now.ms / 1000 + 12);
    s = saver_of(&p, &g);
    g.fail = ERR_IO;
    g.after = 1;
    cr_expect_eq(saver_round(s, p.now, false, none), ERR_IO);
    cr_expect_eq(g.saves, 1);
    g.fail = 0;
    round_of(s, &p);
    cr_expect_eq(kept(&g, CHANGE_QUARTER).views, 25 * 96);
    cr_expect_eq(kept(&g, CHANGE_DAY).views, 25 * 96);
    done(s, &g);
    province_close(&p);
}

Test(saver_sqlite, keeps_the_days_before_a_reboot_apart)
{
    struct province p = demo_at(monday);
    struct gate g;
    struct saver *s = saver_of(&p, &g);

    province_view(&p, "demo", 1);
    province_view(&p, "demo", 2);
    round_of(s, &p);
    done(s, &g);
    province_reboot(&p);
    province_view(&p, "demo", 1);
    s = saver_of(&p, &g);
    round_of(s, &p);
    cr_expect_eq(g.day.views, 1);
    cr_expect_eq(kept(&g, CHANGE_DAY).views, 3);
    cr_expect_eq(kept(&g, CHANGE_QUARTER).views, 3);
    done(s, &g);
    province_close(&p);
}

Test(saver_sqlite, saves_a_sketch_of_todays_visitors_each_minute_and_in_the_last_seconds)
{
    struct province p = demo_at(monday);
    struct gate g;
    struct saver *s = saver_of(&p, &g);

    province_view(&p, "demo", 1);
    for (int i = 0; i < 60; i++) {
        round_of(s, &p);
        p.now.ms += 1000;
    }
    cr_expect_eq(g.sketches, 1);
    for (int i = 0; i < 60; i++) { /* nobody new */
        round_of(s, &p);
        p.now.ms += 1000;
    }
    cr_expect_eq(g.sketches, 1);
    province_view(&p, "demo", 2);
    cr_assert_eq(saver_round(s, p.now, true, none), 0);
    cr_expect_eq(g.sketches, 2, "the last round saves everything");
    province_until(&p, monday / DAY_S * DAY_S + DAY_S - 24);
    province_view(&p, "demo", 3);
    province_until(&p, monday / DAY_S * DAY_S + DAY_S - 12);
    for (int i = 0; i < 12; i++) {
        round_of(s, &p);
        p.now.ms += 1000;
    }
    cr_expect_eq(g.sketches, 3);
    done(s, &g);
    province_close(&p);
}

Test(saver_sqlite, saves_a_sketch_at_a_minutes_end_when_a_round_came_late_or_failed)
{
    struct province p = demo_at(monday + 1);
    struct gate g;
    struct saver *s = saver_of(&p, &g);

    round_of(s, &p); /* its second, :00, is over */
    province_view(&p, "demo", 1);
    p.now.ms += 58 * 1000;
    round_of(s, &p);
    cr_expect_eq(g.sketches, 0);
    p.now.ms += 2500; /* :00 is skipped */
    round_of(s, &p);
    round_of(s, &p);
    cr_expect_eq(g.sketches, 1);
    province_view(&p, "demo", 2);
    p.now.ms += 60 * 1000;
    g.fail = ERR_IO;
    cr_assert_eq(saver_round(s, p.now, false, none), ERR_IO);
    g.fail = 0;
    p.now.ms += 1000;
    round_of(s, &p);
    cr_expect_eq(g.sketches, 2, "again at once, not in a minute");
    done(s, &g);
    province_close(&p);
}

Test(saver_sqlite, adds_up_the_days_of_a_site_whose_key_lives_a_day)
{
    struct province p;
    struct gate g;
    struct saver *s;

    province_open(&p, "[site demo]\ntimezone = UTC\nidentity = day\n",
                  (struct instant){monday * 1000});
    s = saver_of(&p, &g);
    province_view(&p, "demo", 1);
    round_of(s, &p);
    province_until(&p, monday + DAY_S);
    province_view(&p, "demo", 1);
    province_view(&p, "demo", 2);
    round_of(s, &p);
    cr_expect_eq(kept(&g, CHANGE_WEEK).visitors, 3);
    cr_expect_eq(kept(&g, CHANGE_MONTH).visitors, 3);
    done(s, &g);
    province_close(&p);
}

Test(saver_sqlite, saves_everything_when_it_stops)
{
    struct province p = demo_at(monday);
    struct clock clock;
    struct saver_options options = {.registry = p.registry,
                                    .store = province_store(&p),
                                    .clock = &clock,
                                    .period_ms = 3600 * 1000};
    struct gate g;
    struct saver *s;
    FILE *f = fopen(scratch_path(&p.dir, "clock"), "w");

    cr_assert_not_null(f);
    fwrite(&p.now.ms, 8, 1, f);
    fclose(f);
    cr_assert_eq(clock_init(&clock, scratch_path(&p.dir, "clock")), 0);
    province_view(&p, "demo", 1);
    cr_assert_eq(saver_start(&s, &options), 0);
    saver_stop(s, 5000);
    clock_release(&clock);
    s = saver_of(&p, &g);
    cr_expect_eq(kept(&g, CHANGE_DAY).views, 1);
    done(s, &g);
    province_close(&p);
}
