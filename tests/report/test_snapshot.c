#include "report/snapshot.h"

#include <stdio.h>

#include "lib/read_json.h"
#include "lib/town.h"
#include "report/site_card.h"
#include "report/sites.h"

static char memory[65536];

static json_t *snapshot_of(const struct town *t, const char *key, struct document d)
{
    struct buffer b;

    d.now = town_now(t);
    buffer_init(&b, memory, SNAPSHOT_BYTES);
    snapshot_json(&b, town_site(t, key), &d);
    cr_assert_eq(buffer_error(&b), 0);
    return read_json(buffer_written(&b));
}

Test(snapshot, has_the_contracts_fields)
{
    static const char *const spans[] = {"last_hour",  "last_24h", "last_7d",   "today",
                                        "yesterday",  "week",     "last_week", "month",
                                        "last_month", "total"};
    struct town t;
    json_t *s;

    town_init(&t, "[site demo]\nany_host = yes\ntitle = Cổng\n", TOWN_NOON);
    s = snapshot_of(&t, "demo", (struct document){.durable = true, .nodes = 1});
    expect_members(
        s, "site,as_of,title,tz,metric,durable,durable_until,nodes,since,seed,adjusted,"
           "identity_since,gaps,online,periods,geo,tops,bots,refused,"
           "refused_today,refused_yesterday");
    cr_expect_str_eq(text_at(s, "title"), "Cổng");
    expect_members(json_at(s, "online"), "visitors,window_s,exact");
    expect_members(json_at(s, "bots"), "today,yesterday,total");
    expect_members(json_at(s, "refused"),
                   "prefetch,internal,suspect,other_source,origin,not_page");
    cr_expect_eq(json_object_size(json_at(s, "periods")), 10u);
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "periods.%s", spans[i]);
        expect_members(json_at(s, path),
                       "views,visits,visitors,exact,error,deduplicated");
    }
    cr_expect(null_at(s, "seed"));
    cr_expect_eq(integer_at(s, "adjusted.visits"), 0);
    cr_expect_eq(integer_at(s, "nodes"), 1);
    cr_expect_geq(integer_at(s, "identity_since"), TOWN_NOON - 1);
    cr_expect_leq(integer_at(s, "identity_since"), TOWN_NOON);
    json_decref(s);
    town_release(&t);
}

Test(snapshot, says_views_visits_and_visitors)
{
    struct town t;
    json_t *s;

    town_init(&t, "[site demo]\nany_host = yes\n", TOWN_NOON);
    town_view(&t, "demo", 1);
    town_view(&t, "demo", 1);
    town_view(&t, "demo", 2);
    town_wait(&t, 12);
    s = snapshot_of(&t, "demo", (struct document){.nodes = 1});
    cr_expect_eq(integer_at(s, "periods.today.views"), 3);
    cr_expect_eq(integer_at(s, "periods.today.visits"), 2);
    cr_expect_eq(integer_at(s, "periods.today.visitors"), 2);
    cr_expect_eq(integer_at(s, "periods.last_hour.visitors"), 2);
    cr_expect_eq(integer_at(s, "online.visitors"), 2);
    cr_expect(true_at(s, "periods.today.exact"));
    cr_expect_eq(json_number_value(json_at(s, "periods.today.error")), 0);
    json_decref(s);
    town_release(&t);
}

Test(snapshot, seeds_and_adjustments_are_lines_of_their_own)
{
    struct site_seed seed[METRIC_KINDS] = {
        [METRIC_VISITS] = {
            .as_of_s = TOWN_NOON, .total = 50510, .week = 84, .has_week = 1}};
    struct site_totals totals = {.adjusted = {[METRIC_VISITS] = -3},
                                 .since_day = INT64_MAX};
    struct town t;
    json_t *s;
    struct buffer b;
    struct document d;

    town_init(&t, "[site demo]\nany_host = yes\n", TOWN_NOON);
    site_set_totals(town_site(&t, "demo"), seed, &totals);
    s = snapshot_of(&t, "demo", (struct document){.nodes = 1});
    cr_expect_eq(integer_at(s, "seed.visits.as_of"), TOWN_NOON);
    cr_expect_eq(integer_at(s, "seed.visits.total"), 50510);
    cr_expect_eq(integer_at(s, "seed.visits.week"), 84);
    cr_expect(null_at(s, "seed.visits.today"));
    cr_expect_null(json_at(s, "seed.views"));
    cr_expect_eq(integer_at(s, "adjusted.visits"), -3);
    cr_expect_eq(integer_at(s, "periods.total.visits"), 50507);
    json_decref(s);

    d = (struct document){.now = town_now(&t)};
    buffer_init(&b, memory, sizeof memory - 1);
    snapshot_text(&b, town_site(&t, "demo"), &d);
    memory[b.length] = '\0';
    cr_expect_not_null(strstr(memory, "seeded visits: 50510"));
    cr_expect_not_null(strstr(memory, "adjusted visits: -3"));
    town_release(&t);
}

Test(snapshot, says_when_nobody_counted)
{
    struct time_span gaps[] = {{TOWN_NOON - 40 * 86400, TOWN_NOON - 39 * 86400},
                               {TOWN_NOON - 600, TOWN_NOON - 60}};
    struct town t;
    json_t *s;

    town_init(&t, "[site demo]\nany_host = yes\n", TOWN_NOON);
    s = snapshot_of(&t, "demo", (struct document){.gaps = gaps, .gap_count = 2});
    cr_expect_eq(json_array_size(json_at(s, "gaps")), 1u, "of the last 36 days");
    cr_expect_eq(integer_at(s, "gaps.0.0"), TOWN_NOON - 600);
    cr_expect_eq(integer_at(s, "gaps.0.1"), TOWN_NOON - 60);
    json_decref(s);
    town_release(&t);
}

Test(snapshot, cards_say_settings_and_numbers)
{
    struct town t;
    struct document d;
    struct buffer b;
    json_t *s;

    town_init(&t, "[site demo]\nhosts = a.example.vn\nfirst_weekday = sunday\n",
              TOWN_NOON);
    d = (struct document){.now = town_now(&t)};
    buffer_init(&b, memory, SITE_CARD_BYTES);
    site_card_json(&b, town_site(&t, "demo"), &d);
    s = read_json(buffer_written(&b));
    cr_expect_str_eq(text_at(s, "settings.hosts"), "a.example.vn");
    cr_expect_str_eq(text_at(s, "settings.first_weekday"), "sunday");
    cr_expect_not(true_at(s, "settings.public"));
    cr_expect_eq(integer_at(s, "numbers.total"), 0);
    json_decref(s);
    buffer_init(&b, memory, SITE_CARD_BYTES);
    site_card_text(&b, town_site(&t, "demo"), &d);
    cr_expect_eq(buffer_error(&b), 0);
    town_release(&t);
}

Test(snapshot, sites_are_a_league_of_public_ones_with_groups_and_the_sum)
{
    struct town t;
    struct document d;
    struct buffer b;
    json_t *s;

    town_init(&t,
              "[site a]\nany_host = yes\npublic = yes\ngroup = north\n"
              "[site b]\nany_host = yes\npublic = yes\ngroup = south\ntitle = <i>\n"
              "[site c]\nany_host = yes\npublic = yes\ngroup = north\n"
              "[site secret]\nany_host = yes\n",
              TOWN_NOON);
    for (unsigned i = 1; i <= 3; i++)
        town_view(&t, "b", i);
    town_view(&t, "c", 9);
    town_view(&t, "secret", 1);
    d = (struct document){.now = town_now(&t), .durable = true};
    buffer_init(&b, memory, sizeof memory);
    cr_assert_leq(sites_json_limit(t.registry), sizeof memory);
    cr_assert_eq(sites_json(&b, t.registry, &d, (struct sites_asked){.all = false}), 0);
    s = read_json(buffer_written(&b));
    cr_expect_eq(json_array_size(json_at(s, "sites")), 3u);
    cr_expect_str_eq(text_at(s, "sites.0.site"), "b");
    cr_expect_str_eq(text_at(s, "sites.1.site"), "c");
    cr_expect_str_eq(text_at(s, "sites.2.site"), "a");
    cr_expect_eq(integer_at(s, "sites.0.today"), 3);
    cr_expect_str_eq(text_at(s, "groups.0.group"), "north");
    cr_expect_eq(integer_at(s, "groups.0.sites"), 2);
    cr_expect_eq(integer_at(s, "groups.0.today"), 1);
    cr_expect_eq(integer_at(s, "groups.1.today"), 3);
    cr_expect_eq(integer_at(s, "total.sites"), 3);
    cr_expect_eq(integer_at(s, "total.today"), 4);
    json_decref(s);
    buffer_init(&b, memory, sizeof memory);
    cr_assert_eq(sites_json(&b, t.registry, &d, (struct sites_asked){.all = true}), 0);
    s = read_json(buffer_written(&b));
    cr_expect_eq(integer_at(s, "total.sites"), 4, "for who operates it");
    json_decref(s);
    town_release(&t);
}

Test(snapshot, documents_are_the_same_until_a_number_changes)
{
    struct town t;
    struct document d;
    struct buffer b;
    uint64_t first, second;

    town_init(&t, "[site demo]\nany_host = yes\n", TOWN_NOON);
    d = (struct document){.now = town_now(&t)};
    buffer_init(&b, memory, sizeof memory);
    snapshot_json(&b, town_site(&t, "demo"), &d);
    first = document_hash(buffer_written(&b));
    d.now.ms += 3000;
    buffer_init(&b, memory, sizeof memory);
    snapshot_json(&b, town_site(&t, "demo"), &d);
    second = document_hash(buffer_written(&b));
    cr_expect_eq(first, second, "as_of alone is no change");
    town_view(&t, "demo", 1);
    buffer_init(&b, memory, sizeof memory);
    snapshot_json(&b, town_site(&t, "demo"), &d);
    cr_expect_neq(document_hash(buffer_written(&b)), first);
    town_release(&t);
}
