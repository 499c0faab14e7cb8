#include "count/site_tops.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/error.h"
#include "lib/world.h"
#include "report/tops.h"

static const char config[] =
    "[site a]\ntimezone = UTC\nany_host = yes\npages = 100\n[site b]\ntimezone = UTC\n";

/* Half past ten of a Wednesday in UTC. */
static const char noon[] = "2026-11-25 10:30:00";

static int64_t today(const struct world *w)
{
    return instant_seconds(w->now) / 86400;
}

static void view(struct world *w, unsigned visitor, const char *page)
{
    char line[400];

    snprintf(line, sizeof line, "s=a&i=10.0.%u.%u&u=x&p=%s", visitor / 256, visitor % 256,
             page);
    cr_assert_eq(world_line(w, line), OUTCOME_VIEW);
}

/* The pages of a day, added up: total; *ret_key's row. */
static uint64_t pages_of(const struct world *w, int64_t day, const char *key,
                         struct top_sum_row *ret_row)
{
    struct top_sum sum;
    uint64_t total;

    top_sum_init(&sum);
    *ret_row = (struct top_sum_row){.views = 0};
    (void)top_sum_live(&sum, world_site(w, "a"), DIM_PAGES, day);
    top_sum_finish(&sum, TOPK_LIST_MAX);
    total = sum.other;
    for (size_t i = 0; i < sum.rows; i++) {
        total += sum.row[i].views;
        if (slice_equal(top_sum_key(&sum, &sum.row[i]), slice_of(key)))
            *ret_row = sum.row[i];
    }
    cr_expect_eq(sum.error, 0);
    top_sum_release(&sum);
    return total;
}

Test(site_tops, a_visitor_counts_with_the_page_that_began_the_day)
{
    struct top_sum_row first, second;
    struct world w;

    world_open(&w, 4, config, world_time(noon));
    world_ticks(&w, 3);
    for (unsigned v = 0; v < 8; v++) {
        view(&w, v, "/first");
        view(&w, v, "/second");
    }
    cr_expect_eq(pages_of(&w, today(&w), "/first", &first), 16);
    pages_of(&w, today(&w), "/second", &second);
    cr_expect_eq(first.views, 8);
    cr_expect_eq(first.visitors, 8);
    cr_expect_eq(second.views, 8);
    cr_expect_eq(second.visitors, 0);
    world_close(&w);
}

Test(site_tops, each_day_has_its_own_table_and_the_third_takes_its_place)
{
    struct top_sum_row row;
    struct world w;
    int64_t day;

    world_open(&w, 4, config, world_time(noon));
    world_ticks(&w, 3);
    day = today(&w);
    for (int d = 0; d < 5; d++) {
        for (int i = 0; i <= d; i++)
            view(&w, 1, "/x");
        cr_expect_eq(pages_of(&w, day + d, "/x", &row), (uint64_t)d + 1, "day %d", d);
        if (d > 0)
            cr_expect_eq(pages_of(&w, day + d - 1, "/x", &row), (uint64_t)d, "day %d", d);
        if (d > 2)
            cr_expect_eq(pages_of(&w, day + d - 3, "/x", &row), 0, "day %d", d);
        /* Through the night, each quarter-hour. */
        for (int q = 0; q < 96; q++) {
            w.now = instant_after(w.now, 900);
            world_ticks(&w, 3);
        }
    }
    world_close(&w);
}

Test(site_tops, the_first_view_after_midnight_is_in_the_new_day)
{
    struct top_sum_row row;
    struct world w;

    world_open(&w, 4, config, world_time("2026-11-25 23:40:00"));
    world_ticks(&w, 3);
    view(&w, 1, "/x");
    w.now = world_time("2026-11-26 00:00:00"); /* no tick since */
    view(&w, 1, "/x");
    cr_expect_eq(pages_of(&w, today(&w), "/x", &row), 1);
    cr_expect_eq(row.visitors, 1, "a new day, a first view");
    cr_expect_eq(pages_of(&w, today(&w) - 1, "/x", &row), 1);
    world_close(&w);
}

Test(site_tops, tomorrow_begins_with_the_room_that_today_needed)
{
    struct top_sum_row row;
    struct world w;
    char page[32];

    world_open(&w, 4, config, world_time("2026-11-25 22:00:00"));
    world_ticks(&w, 3);
    for (unsigned i = 0; i < 600; i++) {
        snprintf(page, sizeof page, "/%u", i);
        view(&w, 1, page);
        if (i % 10 == 0)
            world_tick(&w);
    }
    w.now = world_time("2026-11-25 23:30:00");
    world_ticks(&w, 3);
    w.now = world_time("2026-11-26 00:00:00");
    for (unsigned i = 0; i < 600; i++) { /* between two ticks */
        snprintf(page, sizeof page, "/%u", i);
        view(&w, 1, page);
    }
    cr_expect_eq(pages_of(&w, today(&w), "/599", &row), 600);
    cr_expect_eq(pages_of(&w, today(&w) - 1, "/0", &row), 600);
    world_close(&w);
}

Test(site_tops, survive_a_kill_and_go_on)
{
    struct top_sum_row row;
    struct page_numbers n;
    struct world w;
    char page[64];

    world_open(&w, 4, config, world_time(noon));
    world_ticks(&w, 3);
    for (unsigned i = 0; i < 300; i++) {
        snprintf(page, sizeof page, "/a-long-name-of-a-page-that-needs-two-cells/%u",
                 i % 50);
        view(&w, i, page);
        if (i % 5 == 0)
            world_tick(&w);
    }
    world_restart(&w, instant_after(w.now, 60));
    view(&w, 1, "/a-long-name-of-a-page-that-needs-two-cells/7");
    cr_expect_eq(
        pages_of(&w, today(&w), "/a-long-name-of-a-page-that-needs-two-cells/7", &row),
        301);
    cr_expect_eq(row.views, 7);
    cr_assert(pages_get(site_pages(world_site(&w, "a")),
                        SLICE("/a-long-name-of-a-page-that-needs-two-cells/7"), today(&w),
                        &n));
    cr_expect_eq(n.views, 7);
    cr_expect_eq(n.today, 7);
    world_close(&w);
}

Test(site_tops, a_machine_that_was_off_for_three_days_counts_at_once)
{
    struct top_sum_row row;
    struct world w;

    world_open(&w, 4, config, world_time(noon));
    world_ticks(&w, 3);
    view(&w, 1, "/x");
    world_restart(&w, instant_after(w.now, 3 * 86400)); /* its table is where ours goes */
    view(&w, 1, "/x");
    cr_expect_eq(pages_of(&w, today(&w), "/x", &row), 1);
    world_close(&w);
}

Test(site_tops, a_full_file_system_is_said_and_every_view_is_still_in_a_sum)
{
    struct topk_list list[DIMENSIONS] = {{.row = NULL}};
    const struct topk_table *t;
    struct world w;
    char page[32];

    world_open(&w, 4, config, world_time(noon));
    world_ticks(&w, 3);
    world_full(true);
    for (unsigned i = 0; i < 2000; i++) {
        snprintf(page, sizeof page, "/%u", i);
        view(&w, 1, page);
    }
    cr_expect_eq(world_tick(&w), ERR_NOSPACE);
    t = site_tops_hold(world_site(&w, "a"), today(&w));
    cr_assert_not_null(t);
    topk_read(t, list);
    cr_expect_eq(list[DIM_PAGES].total, 2000);
    cr_expect_eq(list[DIM_ENTRY_PAGES].total, 1);
    site_tops_let_go(world_site(&w, "a"), today(&w));
    cr_expect_eq(pages_overflow(site_pages(world_site(&w, "a"))) +
                     pages_count(site_pages(world_site(&w, "a"))),
                 2000);
    world_full(false);
    cr_expect_eq(world_tick(&w), 0);
    for (unsigned i = 0; i < 50; i++)
        view(&w, 1, "/after");
    t = site_tops_hold(world_site(&w, "a"), today(&w));
    topk_read(t, list);
    cr_expect_eq(list[DIM_PAGES].total, 2050);
    site_tops_let_go(world_site(&w, "a"), today(&w));
    world_close(&w);
}

Test(site_tops, bots_are_counted_apart)
{
    struct visit bot = {.kind = VISIT_VIEW};
    struct topk_list list[DIMENSIONS] = {{.row = NULL}};
    const struct topk_table *t;
    struct site_lane lane = {.terms_version = 0};
    struct world w;
    struct site *s;

    world_open(&w, 4, config, world_time(noon));
    world_ticks(&w, 3);
    s = world_site(&w, "a");
    bot.key[DIM_BOTS] = SLICE("Googlebot");
    bot.key[DIM_PAGES] = SLICE("/");
    site_lane_open(s, &lane, instant_slot(w.now));
    site_tops_count_bot(s, &lane, &bot);
    t = site_tops_hold(s, today(&w));
    cr_assert_not_null(t);
    topk_read(t, list);
    cr_expect_eq(list[DIM_BOTS].total, 1);
    cr_expect_eq(list[DIM_PAGES].total, 0);
    site_tops_let_go(s, today(&w));
    cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VIEWS), 0);
    world_close(&w);
}

Test(site_tops, a_thousand_quiet_sites_fit_in_96_MiB)
{
    static char text[100000];
    size_t n = 0;
    struct world w;

    for (unsigned i = 0; i < 1000; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "[site s%u]\nany_host = yes\n",
                              i);
    world_open(&w, 1000, text, world_time(noon));
    world_ticks(&w, 3);
    cr_expect_leq(arena_bytes_used(w.arena), 96 << 20, "%llu",
                  (unsigned long long)arena_bytes_used(w.arena));
    for (unsigned i = 0; i < 1000; i++) {
        char key[16];

        snprintf(key, sizeof key, "s%u", i);
        for (unsigned v = 0; v < 3; v++)
            world_view(&w, key, v);
    }
    world_ticks(&w, 10);
    fprintf(stderr, "1,000 sites, three views each: %llu KiB\n",
            (unsigned long long)arena_bytes_used(w.arena) >> 10);
    cr_expect_leq(arena_bytes_used(w.arena), 96 << 20);
    world_close(&w);
}
