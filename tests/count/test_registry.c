#include "count/registry.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/error.h"
#include "count/registry_inner.h"
#include "count/site_inner.h"
#include "lib/world.h"

static struct world w;

static void start(size_t ranges, const char *config)
{
    world_open(&w, ranges, config, world_time("2024-05-15 12:00:00"));
}

static struct site *by_host(const char *host)
{
    return registry_by_host(w.registry, slice_of(host));
}

static struct site *open_host(const char *host, int *ret_why)
{
    return registry_open_host(w.registry, slice_of(host), ret_why);
}

static const char *key_of(const struct site *s)
{
    return s == NULL ? "(none)" : s->block->key;
}

/* --- Looking up --- */

Test(registry, finds_a_site_by_its_key)
{
    start(8, "[site a]\n[site b]\n");
    cr_expect_str_eq(key_of(world_site(&w, "a")), "a");
    cr_expect_str_eq(key_of(world_site(&w, "b")), "b");
    cr_expect_null(world_site(&w, "c"));
    cr_expect_null(world_site(&w, ""));
    cr_expect_eq(registry_count(w.registry), 2);
    cr_expect_eq(w.report.created, 2);
    world_close(&w);
}

Test(registry, finds_exact_hosts_first_and_then_the_longest_suffix)
{
    start(8, "[site a]\nhosts = x.vn, *.x.vn\n[site b]\nhosts = *.b.x.vn\n"
             "[site c]\nhosts = c.b.x.vn\n");
    cr_expect_str_eq(key_of(by_host("x.vn")), "a");
    cr_expect_str_eq(key_of(by_host("www.x.vn")), "a");
    cr_expect_str_eq(key_of(by_host("a.b.x.vn")), "b");
    cr_expect_str_eq(key_of(by_host("c.b.x.vn")), "c");
    cr_expect_str_eq(key_of(by_host("b.x.vn")), "a", "a pattern is not its own suffix");
    cr_expect_null(by_host("y.vn"));
    cr_expect_null(by_host("xx.vn"));
    cr_expect_null(by_host(""));
    cr_expect_null(by_host("."));
    cr_expect_null(by_host(".x.v"));
    world_close(&w);
}

Test(registry, a_host_is_the_same_in_any_case_and_with_a_final_dot)
{
    char longest[300] = "";

    start(8, "[site a]\nhosts = So-Y-Te.Example.gov.vn\n");
    cr_expect_str_eq(key_of(by_host("so-y-te.example.GOV.vn.")), "a");
    memset(longest, 'a', 299);
    cr_expect_null(by_host(longest));
    longest[255] = '\0';
    cr_expect_null(by_host(longest));
    world_close(&w);
}

Test(registry, the_first_site_that_names_a_host_has_it)
{
    start(8, "[site a]\nhosts = x.vn\n[site b]\nhosts = x.vn\n");
    cr_expect_str_eq(key_of(by_host("x.vn")), "a");
    world_close(&w);
}

/* --- Sites that open by themselves --- */

#define AUTO "auto_sites = *.gov.vn\n"

Test(registry, a_host_that_auto_sites_matches_opens_its_site_once)
{
    struct site *s;
    int why;

    start(16, AUTO);
    s = open_host("So-Y-Te.Tinh.gov.vn", &why);
    cr_assert_not_null(s);
    cr_expect_eq(why, 0);
    cr_expect_str_eq(key_of(s), "so-y-te-tinh-gov-vn");
    cr_expect_str_eq(s->block->host, "so-y-te.tinh.gov.vn");
    cr_expect_eq(open_host("so-y-te.tinh.gov.vn.", &why), s);
    cr_expect_eq(by_host("so-y-te.tinh.gov.vn"), s);
    cr_expect_eq(world_site(&w, "so-y-te-tinh-gov-vn"), s);
    cr_expect_eq(world_view(&w, "so-y-te-tinh-gov-vn", 1), OUTCOME_VIEW);
    cr_expect_eq(world_metric(&w, "so-y-te-tinh-gov-vn", SPAN_TODAY, METRIC_VISITORS), 1);
    world_close(&w);
}

Test(registry, a_host_that_nothing_matches_opens_nothing)
{
    int why;

    start(16, AUTO);
    cr_expect_null(open_host("example.com", &why));
    cr_expect_eq(why, ERR_NOT_FOUND);
    cr_expect_null(open_host("", &why));
    cr_expect_eq(why, ERR_NOT_FOUND);
    world_close(&w);
    start(16, "[site a]\n");
    cr_expect_null(open_host("a.gov.vn", &why));
    cr_expect_eq(why, ERR_NOT_FOUND);
    world_close(&w);
}

Test(registry, what_is_no_name_of_a_host_opens_nothing)
{
    const char *const wrong[] = {"*.gov.vn",   ".gov.vn",     "..gov.vn",   "a..gov.vn",
                                 "a,b.gov.vn", "a\"b.gov.vn", "a'b.gov.vn", "\xe1.gov.vn",
                                 "-a.gov.vn",  "a b.gov.vn",  "a/b.gov.vn", "a\n.gov.vn"};
    int why;

    start(16, AUTO);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_null(open_host(wrong[i], &why), "%s", wrong[i]);
        cr_expect_eq(why, ERR_NOT_FOUND, "%s", wrong[i]);
    }
    cr_expect_not_null(open_host("a.gov.vn", &why));
    cr_expect_null(by_host("b.gov.vn"), "nobody takes all the others");
    world_close(&w);
}

Test(registry, hosts_of_one_key_are_told_apart)
{
    const char *const hosts[] = {"a.b.gov.vn", "a-b.gov.vn", "a_b.gov.vn"};
    struct site *s[3];
    int why;

    start(16, AUTO);
    for (int i = 0; i < 3; i++) {
        s[i] = open_host(hosts[i], &why);
        cr_assert_not_null(s[i]);
        for (int j = 0; j < i; j++)
            cr_expect_neq(strcmp(s[i]->block->key, s[j]->block->key), 0);
        cr_expect_eq(world_site(&w, s[i]->block->key), s[i]);
    }
    world_close(&w);
}

Test(registry, a_key_that_is_taken_or_too_long_is_told_apart_by_a_hash)
{
    const char *long_host = "a-very-long-name-of-an-office-of-a-department-of-a-ministry."
                            "somewhere.tinh.gov.vn";
    struct site *s;
    int why;

    start(16, AUTO "[site a-gov-vn]\n");
    s = open_host("a.gov.vn", &why);
    cr_assert_not_null(s);
    cr_expect_eq(strlen(s->block->key), strlen("a-gov-vn-12345678"));
    cr_expect(site_key_is_valid(slice_of(s->block->key)));
    s = open_host(long_host, &why);
    cr_assert_not_null(s);
    cr_expect_eq(strlen(s->block->key), SITE_KEY_MAX);
    cr_expect(site_key_is_valid(slice_of(s->block->key)));
    s = open_host("_b-c.gov.vn", &why);
    cr_assert_not_null(s);
    cr_expect(site_key_is_valid(slice_of(s->block->key)), "%s", s->block->key);
    world_close(&w);
}

Test(registry, no_more_than_auto_sites_max_open)
{
    char host[64];
    int why;

    start(16, AUTO "auto_sites_max = 3\n[site a]\n");
    for (int i = 0; i < 5; i++) {
        (void)snprintf(host, sizeof host, "h%d.gov.vn", i);
        cr_expect_eq(open_host(host, &why) != NULL, i < 3);
        cr_expect_eq(why, i < 3 ? 0 : ERR_EXISTS);
        world_tick(&w);
    }
    cr_expect_not_null(open_host("h0.gov.vn", &why), "it is there");
    world_restart(&w, w.now);
    cr_expect_null(open_host("h7.gov.vn", &why));
    cr_expect_eq(why, ERR_EXISTS);
    world_close(&w);
}

Test(registry, blanks_are_made_ahead_and_until_then_there_is_no_room)
{
    char host[64];
    int why;

    start(2 * BLANKS, AUTO);
    for (int i = 0; i < BLANKS; i++) {
        (void)snprintf(host, sizeof host, "h%d.gov.vn", i);
        cr_expect_not_null(open_host(host, &why));
    }
    cr_expect_null(open_host("late.gov.vn", &why));
    cr_expect_eq(why, ERR_FULL);
    world_tick(&w);
    cr_expect_not_null(open_host("late.gov.vn", &why));
    world_close(&w);
}

Test(registry, no_more_blanks_are_made_than_sites_may_open)
{
    unsigned blanks = 0;

    start(16, AUTO "auto_sites_max = 3\n");
    for (unsigned b = 0; b < BLANKS; b++)
        blanks += w.registry->blank[b] != 0;
    cr_expect_eq(blanks, 3);
    world_close(&w);
}

Test(registry, opens_a_site_again_under_the_key_it_had)
{
    struct slice host = SLICE("so-y-te.gov.vn"), key = SLICE("so-y-te-gov-vn-1234abcd");
    int why;

    start(16, AUTO "auto_sites_max = 2\n[site a]\n");
    cr_expect_eq(registry_reopen(w.registry, key, host, w.now), 0);
    cr_expect_str_eq(key_of(by_host("so-y-te.gov.vn")), "so-y-te-gov-vn-1234abcd");
    cr_expect_str_eq(key_of(open_host("so-y-te.gov.vn", &why)),
                     "so-y-te-gov-vn-1234abcd");
    cr_expect_eq(registry_reopen(w.registry, key, host, w.now), ERR_EXISTS);
    cr_expect_eq(registry_reopen(w.registry, SLICE("b"), host, w.now), ERR_EXISTS);
    cr_expect_eq(registry_reopen(w.registry, SLICE("a"), SLICE("a.gov.vn"), w.now),
                 ERR_EXISTS);
    cr_expect_eq(registry_reopen(w.registry, SLICE("b"), SLICE("b.com"), w.now),
                 ERR_NOT_FOUND);
    cr_expect_eq(registry_reopen(w.registry, SLICE("b"), SLICE("b.gov.vn"), w.now), 0);
    cr_expect_eq(registry_reopen(w.registry, SLICE("c"), SLICE("c.gov.vn"), w.now),
                 ERR_FULL);
    world_close(&w);
}

Test(registry, sites_max_holds_for_sites_that_open_by_themselves)
{
    char host[64];
    int why, opened = 0;

    start(6, AUTO "[site a]\n");
    for (int i = 0; i < 12; i++) {
        (void)snprintf(host, sizeof host, "h%d.gov.vn", i);
        opened += open_host(host, &why) != NULL;
        world_tick(&w);
    }
    cr_expect_eq(opened, 5);
    cr_expect_eq(why, ERR_FULL);
    world_close(&w);
}

Test(registry, an_auto_site_lives_on_after_a_restart)
{
    struct site *s;
    int why;

    start(16, AUTO "[site a]\n");
    s = open_host("so-y-te.gov.vn", &why);
    cr_assert_not_null(s);
    world_view(&w, "so-y-te-gov-vn", 1);
    world_restart(&w, instant_after(w.now, 60));
    cr_expect_eq(w.report.adopted, 2);
    cr_expect_str_eq(key_of(by_host("so-y-te.gov.vn")), "so-y-te-gov-vn");
    cr_expect_eq(world_metric(&w, "so-y-te-gov-vn", SPAN_TOTAL, METRIC_VIEWS), 1);
    world_close(&w);
}

Test(registry, a_site_killed_while_it_was_named_is_a_blank_again)
{
    int why, opened = 0;
    char host[64];

    start(4, AUTO);
    atomic_store(&registry_site(w.registry, 2)->block->state, SITE_OPENING);
    world_restart(&w, w.now);
    for (int i = 0; i < 4; i++) {
        (void)snprintf(host, sizeof host, "h%d.gov.vn", i);
        opened += open_host(host, &why) != NULL;
    }
    cr_expect_eq(opened, 4);
    world_close(&w);
}

/* --- Reload --- */

Test(registry, a_reload_makes_new_sites_and_archives_what_is_no_longer_named)
{
    start(8, "[site a]\nhosts = a.vn\n[site b]\n");
    world_view(&w, "a", 1);
    world_reload(&w, "[site b]\n[site c]\nhosts = a.vn\n");
    cr_expect_not_null(world_site(&w, "a"), "not before the keeper has seen it");
    world_tick(&w);
    cr_expect_eq(w.report.created, 1);
    cr_expect_eq(w.report.archived, 1);
    cr_expect_null(world_site(&w, "a"));
    cr_expect_eq(world_view(&w, "a", 1), OUTCOME_UNKNOWN_SITE);
    cr_expect_eq(world_view(&w, "c", 1), OUTCOME_VIEW);
    cr_expect_str_eq(key_of(by_host("a.vn")), "c");
    cr_expect_eq(registry_config(w.registry), w.config[1]);
    world_reload(&w, "[site b]\n[site c]\n");
    world_tick(&w);
    cr_expect_eq(w.report.archived, 0, "that was said already");
    world_close(&w);
}

Test(registry, an_archived_site_that_is_named_again_has_its_history)
{
    start(8, "[site a]\n");
    world_view(&w, "a", 1);
    world_reload(&w, "[site b]\n");
    world_ticks(&w, 3);
    w.now = instant_after(w.now, 600);
    world_restart(&w, w.now);
    cr_expect_null(world_site(&w, "a"));
    world_reload(&w, "[site a]\n[site b]\n");
    world_ticks(&w, 3);
    cr_expect_eq(w.report.created, 0);
    cr_expect_eq(world_metric(&w, "a", SPAN_TOTAL, METRIC_VIEWS), 1);
    world_view(&w, "a", 1);
    cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VISITS), 1,
                 "its visit goes on");
    world_close(&w);
}

Test(registry, a_configured_site_takes_its_host_from_one_that_opened_by_itself)
{
    int why;

    start(16, AUTO);
    cr_assert_not_null(open_host("a.gov.vn", &why));
    world_reload(&w, AUTO "[site portal]\nhosts = a.gov.vn\n");
    world_ticks(&w, 2);
    cr_expect_str_eq(key_of(by_host("a.gov.vn")), "portal");
    cr_expect_str_eq(key_of(world_site(&w, "a-gov-vn")), "a-gov-vn");
    world_close(&w);
}

Test(registry, an_auto_site_that_is_configured_by_its_key_is_the_same_site)
{
    int why;

    start(16, AUTO);
    cr_assert_not_null(open_host("a.gov.vn", &why));
    world_view(&w, "a-gov-vn", 1);
    world_reload(&w, "[site a-gov-vn]\nhosts = b.vn\nmetric = views\n");
    world_ticks(&w, 2);
    cr_expect_eq(w.report.created, 0);
    cr_expect_str_eq(key_of(by_host("b.vn")), "a-gov-vn");
    cr_expect_str_eq(key_of(by_host("a.gov.vn")), "a-gov-vn");
    cr_expect_eq(world_metric(&w, "a-gov-vn", SPAN_TOTAL, METRIC_VIEWS), 1);
    world_close(&w);
}

Test(registry, auto_sites_that_are_no_longer_wanted_are_archived)
{
    int why;

    start(16, AUTO "[site a]\n");
    cr_assert_not_null(open_host("b.gov.vn", &why));
    world_reload(&w, "[site a]\n");
    world_ticks(&w, 2);
    cr_expect_null(by_host("b.gov.vn"));
    world_reload(&w, AUTO "[site a]\n");
    world_ticks(&w, 2);
    cr_expect_str_eq(key_of(by_host("b.gov.vn")), "b-gov-vn");
    world_close(&w);
}

Test(registry, new_terms_hold_from_the_next_turn_and_tick_on)
{
    start(8, "[site a]\ntimezone = UTC\nonline_window = 1min\n");
    w.now = world_time("2024-05-15 23:30:00");
    world_ticks(&w, 3);
    world_view(&w, "a", 1);
    w.now = instant_after(w.now, 120);
    world_tick(&w);
    cr_expect_eq(world_online(&w, "a"), 0);
    world_reload(&w, "[site a]\ntimezone = Asia/Ho_Chi_Minh\nonline_window = 10min\n");
    world_tick(&w);
    cr_expect_eq(world_online(&w, "a"), 1);
    world_view(&w, "a", 2);
    w.now = world_time("2024-05-16 00:30:00");
    world_view(&w, "a", 2);
    cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VIEWS), 3, "06:30 to 07:30");
    world_close(&w);
}

Test(registry, terms_and_views_go_when_nobody_can_have_them)
{
    start(8, "[site a]\n");
    for (int i = 0; i < 6; i++) {
        world_reload(&w, i % 2 == 0 ? "[site a]\ntitle = A\n" : "[site a]\n");
        world_tick(&w);
    }
    cr_expect_not_null(w.registry->old_views);
    cr_expect_not_null(w.registry->old_terms);
    world_ticks(&w, 610);
    cr_expect_null(w.registry->old_views);
    cr_expect_null(w.registry->old_terms);
    world_close(&w);
}

static int old_terms(void)
{
    int n = 0;

    for (const struct site_terms *o = w.registry->old_terms; o != NULL; o = o->next)
        n++;
    return n;
}

/* A storm of reloads must not keep a minute of terms of every site. */
Test(registry, terms_that_a_reload_does_not_change_stay)
{
    int before;

    start(8, AUTO "[site a]\n[site b]\ntimezone = Europe/Paris\n");
    (void)open_host("c.gov.vn", &(int){0});
    before = old_terms();
    world_reload(&w, AUTO "[site a]\n[site b]\ntimezone = Europe/Paris\n");
    world_tick(&w);
    cr_expect_eq(old_terms(), before);
    world_reload(&w, AUTO "[site a]\n[site b]\ntimezone = Europe/London\n");
    world_tick(&w);
    cr_expect_eq(old_terms(), before + 1, "of b only");
    world_close(&w);
}

/* --- Room --- */

Test(registry, the_first_site_that_finds_no_room_is_named)
{
    start(2, "[site a]\n[site b]\n[site c]\n[site d]\n");
    cr_expect_eq(w.report.created, 2);
    cr_expect_str_eq(w.report.full, "c");
    cr_expect_eq(world_view(&w, "c", 1), OUTCOME_UNKNOWN_SITE);
    cr_expect_eq(world_view(&w, "b", 1), OUTCOME_VIEW);
    world_close(&w);
}

Test(registry, a_sites_max_that_is_lowered_hides_no_site)
{
    start(8, "[site a]\n[site b]\n[site c]\n[site d]\n");
    for (const char *key = "a"; key[0] <= 'd'; key = key[0] == 'a'   ? "b"
                                                     : key[0] == 'b' ? "c"
                                                     : key[0] == 'c' ? "d"
                                                                     : "e")
        world_view(&w, key, 1);
    world_restart_as(&w, 2, "[site a]\n[site b]\n[site c]\n[site d]\n[site e]\n", w.now);
    cr_expect_eq(w.report.adopted, 4);
    cr_expect_eq(w.report.created, 0);
    cr_expect_str_eq(w.report.full, "e");
    cr_expect_eq(world_view(&w, "d", 1), OUTCOME_VIEW);
    cr_expect_eq(world_metric(&w, "d", SPAN_TOTAL, METRIC_VIEWS), 2);
    world_restart_as(&w, 16, "[site a]\n[site b]\n[site c]\n[site d]\n[site e]\n", w.now);
    cr_expect_eq(w.report.created, 1);
    cr_expect_eq(world_metric(&w, "d", SPAN_TOTAL, METRIC_VIEWS), 2);
    cr_expect_eq(world_view(&w, "e", 1), OUTCOME_VIEW);
    world_close(&w);
}

Test(registry, a_full_file_system_is_a_message_and_ends_with_room)
{
    start(8, "[site a]\n");
    world_full(true);
    world_reload(&w, "[site a]\n[site b]\n");
    cr_expect_eq(world_tick(&w), ERR_NOSPACE);
    cr_expect_str_eq(w.report.full, "b");
    cr_expect_eq(registry_config(w.registry), w.config[1], "the rest is taken up");
    cr_expect_eq(world_tick(&w), ERR_NOSPACE);
    cr_expect_str_eq(w.report.full, "", "said once");
    cr_expect_eq(world_view(&w, "a", 1), OUTCOME_VIEW);
    cr_expect_eq(world_view(&w, "b", 1), OUTCOME_UNKNOWN_SITE);
    world_full(false);
    cr_expect_eq(world_tick(&w), 0);
    cr_expect_eq(w.report.created, 1);
    cr_expect_eq(world_view(&w, "b", 1), OUTCOME_VIEW);
    world_close(&w);
}

Test(registry, visitors_without_room_are_counted_as_views_and_said_not_to_be_exact)
{
    struct site_numbers n;

    start(8, "[site a]\n");
    world_full(true);
    for (unsigned v = 0; v < 2000; v++)
        cr_assert_eq(world_view(&w, "a", v), OUTCOME_VIEW);
    cr_expect_eq(world_tick(&w), ERR_NOSPACE);
    site_span(world_site(&w, "a"), SPAN_TODAY, w.now, &n);
    cr_expect_eq(n.metric[METRIC_VIEWS], 2000);
    cr_expect_eq(n.metric[METRIC_VISITS], 2000, "none had a referrer");
    cr_expect_lt(n.metric[METRIC_VISITORS], 600);
    cr_expect_not(n.exact);
    world_full(false);
    cr_expect_eq(world_tick(&w), 0);
    for (unsigned v = 0; v < 2000; v++) {
        world_view(&w, "a", v);
        world_tick(&w);
    }
    cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VISITORS), 2000);
    world_close(&w);
}

Test(registry, a_full_file_system_keeps_nobody_from_starting_again)
{
    start(8, "[site a]\n");
    for (unsigned v = 0; v < 40; v++) /* wants a part at the next tick */
        world_view(&w, "a", v);
    world_full(true);
    world_restart(&w, instant_after(w.now, 6));
    cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VISITORS), 40);
    cr_expect_eq(world_tick(&w), ERR_NOSPACE);
    world_full(false);
    cr_expect_eq(world_tick(&w), 0);
    world_close(&w);
}

Test(registry, sites_of_one_zone_share_it_whatever_goes_first)
{
    const struct site_terms *a, *b, *c;

    start(8, "[site a]\n[site b]\n[site c]\ntimezone = Asia/Kathmandu\n");
    world_reload(&w, "[site a]\nmetric = views\n[site b]\nmetric = views\n"
                     "[site c]\ntimezone = Asia/Kathmandu\nmetric = views\n");
    a = site_terms_of(world_site(&w, "a"));
    b = site_terms_of(world_site(&w, "b"));
    c = site_terms_of(world_site(&w, "c"));
    cr_expect_str_eq(zone_name(a->zone), "Asia/Ho_Chi_Minh");
    cr_expect_eq(b->zone, a->zone);
    cr_expect_str_eq(zone_name(c->zone), "Asia/Kathmandu");
    world_reload(&w, "[site b]\nmetric = views\n"); /* the others are archived */
    cr_expect_eq(a, site_terms_of(world_site(&w, "a")));
    cr_expect_eq(zone_offset(a->zone, 1715774400), 7 * 3600);
    cr_expect_eq(zone_offset(b->zone, 1715774400), 7 * 3600);
    world_close(&w);
}
