/* Keys and tables turning over, seen from outside: what a visitor counts as, and what is
 * left of it. */
#include <criterion/criterion.h>

#include "count/site_inner.h"
#include "lib/world.h"

static struct world w;

#define MONTHLY "[site a]\ntimezone = UTC\n"
#define DAILY   "[site a]\ntimezone = UTC\nidentity = day\n"

static void start(const char *config, const char *at)
{
    world_open(&w, 4, config, world_time(at));
}

static void go_to(const char *at)
{
    w.now = world_time(at);
    world_ticks(&w, 3);
}

static uint64_t metric(enum site_span span, enum metric m)
{
    return world_metric(&w, "a", span, m);
}

static unsigned linked_keys(void)
{
    const struct site *s = world_site(&w, "a");
    unsigned n = 0;

    for (unsigned i = 0; i < SITE_KEYS; i++)
        n += s->table[i].head->linked && s->block->keys[i].state == KEY_LINKED;
    return n;
}

/* The key that began at a time; NULL. */
static struct site_key *key_of(const char *from)
{
    const struct site *s = world_site(&w, "a");

    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (s->block->keys[i].state == KEY_LINKED &&
            s->block->keys[i].from_slot == world_time(from).ms / SLOT_MS)
            return &s->block->keys[i];
    return NULL;
}

static bool is_zero(const void *at, size_t length)
{
    const unsigned char *byte = at;

    for (size_t i = 0; i < length; i++)
        if (byte[i] != 0)
            return false;
    return true;
}

Test(site_keys, a_new_site_has_one_key_that_begins_with_its_month)
{
    start("[site a]\ntimezone = Europe/Berlin\n", "2024-05-17 10:00:00");
    cr_expect_eq(linked_keys(), 1);
    cr_expect_not_null(key_of("2024-04-30 22:00:00"));
    world_close(&w);
}

Test(site_keys, a_new_site_has_one_key_that_begins_with_its_day)
{
    start(DAILY, "2024-05-17 10:00:00");
    cr_expect_eq(linked_keys(), 1);
    cr_expect_not_null(key_of("2024-05-17 00:00:00"));
    world_close(&w);
}

Test(site_keys, the_next_key_is_made_half_an_hour_ahead)
{
    start(MONTHLY, "2024-01-31 12:00:00");
    go_to("2024-01-31 23:29:40");
    cr_expect_null(key_of("2024-02-01 00:00:00"));
    go_to("2024-01-31 23:30:12");
    cr_expect_not_null(key_of("2024-02-01 00:00:00"));
    world_close(&w);
}

Test(site_keys, a_keeper_that_is_late_over_midnight_changes_no_number)
{
    start(MONTHLY, "2024-01-31 12:00:00");
    go_to("2024-01-31 23:55:00");
    w.now = world_time("2024-02-01 00:02:00");
    world_view(&w, "a", 1);
    go_to("2024-02-01 00:10:00");
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 1);
    cr_expect_eq(metric(SPAN_MONTH, METRIC_VISITORS), 1);
    cr_expect_eq(metric(SPAN_YESTERDAY, METRIC_VISITORS), 0);
    world_close(&w);
}

Test(site_keys, a_visit_continued_after_midnight_is_a_new_one)
{
    start(MONTHLY, "2024-01-30 12:00:00");
    go_to("2024-01-30 23:59:00");
    world_view(&w, "a", 1);
    go_to("2024-01-31 00:01:00");
    world_view(&w, "a", 1);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITS), 1);
    cr_expect_eq(metric(SPAN_YESTERDAY, METRIC_VISITS), 1);
    cr_expect_eq(metric(SPAN_MONTH, METRIC_VISITS), 2);
    cr_expect_eq(metric(SPAN_MONTH, METRIC_VISITORS), 1);
    world_close(&w);
}

Test(site_keys, while_two_keys_go_beside_each_other_a_visit_is_one)
{
    start(MONTHLY, "2024-01-31 23:58:00");
    world_view(&w, "a", 1);
    go_to("2024-02-01 00:05:00");
    world_view(&w, "a", 1);
    go_to("2024-02-01 00:20:00");
    world_view(&w, "a", 1);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITS), 1);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 1);
    cr_expect_eq(metric(SPAN_MONTH, METRIC_VISITORS), 1);
    cr_expect_eq(metric(SPAN_LAST_MONTH, METRIC_VISITORS), 1);
    cr_expect_eq(metric(SPAN_WEEK, METRIC_VISITORS), 1, "the week knows it is the same");
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VISITORS), 2, "the total is a sum of months");
    world_close(&w);
}

Test(site_keys, windows_that_began_under_the_old_key_are_answered_by_it)
{
    start(MONTHLY, "2024-01-30 12:00:00");
    world_view(&w, "a", 1);
    world_view(&w, "a", 2);
    go_to("2024-02-01 00:01:00");
    world_view(&w, "a", 2);
    world_view(&w, "a", 3);
    go_to("2024-02-01 00:02:00");
    cr_expect_eq(world_online(&w, "a"), 2);
    cr_expect_eq(metric(SPAN_LAST_24H, METRIC_VISITORS), 2);
    cr_expect_eq(metric(SPAN_LAST_7D, METRIC_VISITORS), 3);
    go_to("2024-02-06 11:00:00");
    cr_expect_eq(metric(SPAN_LAST_7D, METRIC_VISITORS), 3);
    go_to("2024-02-06 12:30:00");
    cr_expect_eq(metric(SPAN_LAST_7D, METRIC_VISITORS), 2);
    go_to("2024-02-07 23:00:00");
    cr_expect_eq(metric(SPAN_LAST_7D, METRIC_VISITORS), 2);
    go_to("2024-02-08 00:02:00");
    cr_expect_eq(metric(SPAN_LAST_7D, METRIC_VISITORS), 0);
    world_close(&w);
}

Test(site_keys, what_a_key_told_stays_when_it_has_gone)
{
    start(MONTHLY, "2024-01-31 12:00:00");
    for (unsigned v = 0; v < 9; v++)
        world_view(&w, "a", v);
    go_to("2024-02-07 23:59:00");
    cr_expect_eq(linked_keys(), 2);
    go_to("2024-02-08 00:00:12");
    cr_expect_eq(linked_keys(), 1);
    cr_expect_eq(metric(SPAN_LAST_MONTH, METRIC_VISITORS), 9);
    cr_expect_eq(metric(SPAN_LAST_WEEK, METRIC_VISITORS), 9);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VISITORS), 9);
    world_close(&w);
}

Test(site_keys, a_key_that_is_over_is_erased_and_its_memory_given_back)
{
    uint64_t full;
    struct site_key *old;

    start(MONTHLY, "2024-01-31 12:00:00");
    old = key_of("2024-01-01 00:00:00");
    for (unsigned v = 0; v < 20000; v++) {
        world_view(&w, "a", v);
        if (v % 20 == 0)
            world_tick(&w);
    }
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 20000);
    go_to("2024-02-07 12:00:00");
    full = arena_bytes_used(w.arena);
    cr_expect_not(is_zero(&old->key, sizeof old->key));
    go_to("2024-02-08 00:00:12");
    cr_expect_eq(old->state, KEY_FREE);
    cr_expect(is_zero(&old->key, sizeof old->key));
    cr_expect_lt(arena_bytes_used(w.arena) + (20000 * 8), full);
    cr_expect_eq(metric(SPAN_LAST_MONTH, METRIC_VISITORS), 20000);
    world_close(&w);
}

Test(site_keys, a_key_is_not_erased_while_a_worker_is_in_its_turn)
{
    struct site_key *old;

    start(MONTHLY, "2024-01-31 12:00:00");
    old = key_of("2024-01-01 00:00:00");
    go_to("2024-02-07 12:00:00");
    w.now = world_time("2024-02-08 00:00:12");
    pipeline_begin(&w.pipeline, w.now);
    world_ticks(&w, 5);
    cr_expect_eq(old->state, KEY_RETIRING);
    cr_expect_not(is_zero(&old->key, sizeof old->key));
    (void)pipeline_end(&w.pipeline);
    world_ticks(&w, 3);
    cr_expect_eq(old->state, KEY_FREE);
    world_close(&w);
}

Test(site_keys, a_table_is_not_punched_under_a_reader)
{
    struct site_key *old;
    int key;

    start(MONTHLY, "2024-01-31 12:00:00");
    old = key_of("2024-01-01 00:00:00");
    go_to("2024-02-07 12:00:00");
    key = site_hold_key_for(world_site(&w, "a"), old->from_slot);
    cr_assert_geq(key, 0);
    go_to("2024-02-08 00:00:12");
    world_ticks(&w, 5);
    cr_expect_eq(old->state, KEY_RETIRING);
    cr_expect_neq(site_hold_key_for(world_site(&w, "a"), old->from_slot), key,
                  "a table that goes is not given out again");
    site_let_go(world_site(&w, "a"), key);
    world_ticks(&w, 1);
    cr_expect_eq(old->state, KEY_FREE);
    world_close(&w);
}

Test(site_keys, with_a_key_a_day_nobody_is_known_the_day_after_the_next)
{
    start(DAILY, "2024-05-14 12:00:00");
    world_view(&w, "a", 1);
    go_to("2024-05-14 23:59:00");
    cr_expect_eq(linked_keys(), 2, "this one and the next");
    go_to("2024-05-15 11:00:00");
    cr_expect_eq(linked_keys(), 2, "this one and the one before");
    world_view(&w, "a", 1);
    cr_expect_eq(metric(SPAN_LAST_24H, METRIC_VISITORS), 1, "yesterday's knows it");
    cr_expect_eq(metric(SPAN_YESTERDAY, METRIC_VISITORS), 1);
    go_to("2024-05-15 23:59:00");
    cr_expect_eq(linked_keys(), 3);
    go_to("2024-05-16 00:00:12");
    cr_expect_null(key_of("2024-05-14 00:00:00"));
    cr_expect_eq(linked_keys(), 2);
    world_view(&w, "a", 1);
    cr_expect_eq(metric(SPAN_WEEK, METRIC_VISITORS), 3, "a sum of days");
    world_close(&w);
}

Test(site_keys, with_a_key_a_day_a_longer_period_is_a_sum_and_says_so)
{
    struct site_numbers n;

    start(DAILY, "2024-05-14 12:00:00");
    for (int day = 0; day < 10; day++) {
        world_view(&w, "a", 1);
        if (day % 2 == 0)
            world_view(&w, "a", 2);
        w.now = instant_after(w.now, 86400);
        world_ticks(&w, 3);
    }
    site_span(world_site(&w, "a"), SPAN_MONTH, w.now, &n);
    cr_expect_eq(n.metric[METRIC_VISITORS], 15);
    cr_expect_not(n.deduplicated);
    site_span(world_site(&w, "a"), SPAN_YESTERDAY, w.now, &n);
    cr_expect(n.deduplicated);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VISITORS), 15);
    /* Seven days up to now: six whole ones, today (nobody yet), and half of the first. */
    site_span(world_site(&w, "a"), SPAN_LAST_7D, w.now, &n);
    cr_expect_eq(n.metric[METRIC_VISITORS], 9);
    cr_expect_not(n.deduplicated);
    world_close(&w);
}

Test(site_keys, months_of_days_stay_in_the_total)
{
    uint64_t total = 0;

    start(DAILY, "2024-01-14 12:00:00");
    for (int day = 0; day < 150; day++) {
        uint64_t now;

        world_view(&w, "a", 1);
        now = metric(SPAN_TOTAL, METRIC_VISITORS);
        cr_assert_eq(now, total + 1);
        total = now;
        w.now = instant_after(w.now, 86400);
        world_ticks(&w, 3);
    }
    world_close(&w);
}

Test(site_keys, a_configuration_that_asks_for_less_is_followed_and_no_number_falls)
{
    start(MONTHLY, "2024-05-17 10:00:00");
    for (unsigned v = 0; v < 7; v++)
        world_view(&w, "a", v);
    w.now = instant_after(w.now, 60);
    world_reload(&w, DAILY);
    world_ticks(&w, 3);
    cr_expect_null(key_of("2024-05-01 00:00:00"));
    cr_expect_not_null(key_of("2024-05-17 00:00:00"));
    cr_expect_eq(linked_keys(), 1);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 7);
    cr_expect_eq(metric(SPAN_MONTH, METRIC_VISITORS), 7);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VISITORS), 7);
    world_close(&w);
}

Test(site_keys, a_key_made_for_a_day_does_not_live_for_a_month)
{
    start(DAILY, "2024-05-14 10:00:00");
    world_view(&w, "a", 1);
    world_reload(&w, MONTHLY);
    go_to("2024-05-15 23:00:00");
    cr_expect_not_null(key_of("2024-05-14 00:00:00"));
    go_to("2024-05-16 00:00:12");
    cr_expect_null(key_of("2024-05-14 00:00:00"));
    cr_expect_eq(linked_keys(), 1);
    cr_expect_eq(metric(SPAN_MONTH, METRIC_VISITORS), 1);
    world_close(&w);
}

Test(site_keys, another_zone_has_keys_of_its_own_periods)
{
    start(MONTHLY, "2024-05-31 20:00:00");
    world_view(&w, "a", 1);
    world_reload(&w, "[site a]\ntimezone = Asia/Ho_Chi_Minh\n");
    world_ticks(&w, 3);
    cr_expect_not_null(key_of("2024-05-31 17:00:00"));
    world_view(&w, "a", 2);
    cr_expect_eq(metric(SPAN_MONTH, METRIC_VISITORS), 1);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 2);
    world_close(&w);
}

Test(site_keys, without_a_key_views_count_and_entries_are_visits)
{
    struct site *s;

    start(MONTHLY, "2024-05-17 10:00:00");
    s = world_site(&w, "a");
    for (unsigned i = 0; i < SITE_KEYS; i++)
        atomic_store(&s->table[i].head->linked, 0);
    cr_expect_eq(world_view(&w, "a", 1), OUTCOME_VIEW);
    cr_expect_eq(world_line(&w, "s=a&p=http://x.vn/b&r=http://x.vn/a"), OUTCOME_VIEW);
    cr_expect_eq(world_ping(&w, "a", 1), OUTCOME_PING);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 2);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITS), 1);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 0);
    cr_expect_eq(world_online(&w, "a"), 0);
    world_close(&w);
}

Test(site_keys, yesterdays_visitors_stay_when_they_come_back)
{
    start(MONTHLY, "2024-05-14 12:00:00");
    for (unsigned v = 0; v < 9; v++)
        world_view(&w, "a", v);
    go_to("2024-05-15 12:00:00");
    for (unsigned v = 0; v < 20; v++)
        world_view(&w, "a", v);
    cr_expect_eq(metric(SPAN_YESTERDAY, METRIC_VISITORS), 9);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 20);
    world_close(&w);
}

Test(site_keys, the_import_key_changes_with_the_sites_own)
{
    struct hash_key before, same, after;

    start(MONTHLY, "2024-01-31 12:00:00");
    site_import_key(world_site(&w, "a"), &before);
    go_to("2024-01-31 23:00:00");
    site_import_key(world_site(&w, "a"), &same);
    cr_expect_arr_eq(&before, &same, sizeof before);
    go_to("2024-02-01 00:00:00");
    site_import_key(world_site(&w, "a"), &after);
    cr_expect_arr_neq(&before, &after, sizeof before);
    world_close(&w);
}

Test(site_keys, more_visitors_than_a_table_holds_are_estimated)
{
    struct site_numbers n;
    const unsigned visitors = 450000;

    start(MONTHLY, "2024-05-14 01:00:00");
    for (unsigned v = 0; v < visitors; v++) {
        world_view(&w, "a", v);
        if (v % (v < 4096 ? 16 : 1024) == 0)
            world_tick(&w);
        if (v % 4096 == 0)
            w.now = instant_after(w.now, 12);
    }
    world_ticks(&w, 3);
    site_span(world_site(&w, "a"), SPAN_TODAY, instant_after(w.now, 12), &n);
    w.now = instant_after(w.now, 12);
    world_tick(&w);
    site_span(world_site(&w, "a"), SPAN_TODAY, w.now, &n);
    cr_expect_not(n.exact);
    cr_expect_eq(n.metric[METRIC_VIEWS], visitors);
    cr_expect_geq(n.metric[METRIC_VISITORS], visitors * 95 / 100);
    cr_expect_leq(n.metric[METRIC_VISITORS], visitors * 105 / 100);
    cr_expect_not(site_is_exact(world_site(&w, "a")));
    world_restart(&w, instant_after(w.now, 10 * 86400));
    cr_expect_leq(metric(SPAN_LAST_7D, METRIC_VISITORS), 1);
    cr_expect_geq(metric(SPAN_MONTH, METRIC_VISITORS), visitors * 95 / 100);
    world_close(&w);
}
