#include "report/widget.h"

#include "lib/read_json.h"
#include "lib/town.h"
#include "report/page.h"

static json_t *widget_of(const struct town *t, const char *key, bool durable)
{
    struct document d = {.now = town_now(t), .durable = durable, .nodes = 1};
    struct site *site = town_site(t, key);
    char memory[1024];
    struct widget w;
    struct buffer b;

    widget_read(&w, site, d.now);
    buffer_init(&b, memory, sizeof memory);
    widget_json(&b, site, &w, &d);
    cr_assert_eq(buffer_error(&b), 0);
    return read_json(buffer_written(&b));
}

Test(widget, has_the_contracts_fields)
{
    struct town t;
    json_t *w;

    town_init(&t, "[site demo]\nany_host = yes\n", TOWN_NOON);
    w = widget_of(&t, "demo", true);
    expect_members(w,
                   "site,metric,online,online_window_s,today,yesterday,week,month,total,"
                   "since,tz,as_of,durable");
    cr_expect_str_eq(text_at(w, "site"), "demo");
    cr_expect_str_eq(text_at(w, "metric"), "visits");
    cr_expect_str_eq(text_at(w, "tz"), "Asia/Ho_Chi_Minh");
    cr_expect_eq(integer_at(w, "online_window_s"), 300);
    cr_expect_eq(integer_at(w, "as_of"), TOWN_NOON);
    cr_expect(null_at(w, "since"));
    cr_expect(true_at(w, "durable"));
    json_decref(w);
    town_release(&t);
}

Test(widget, counts_visits_and_who_is_online)
{
    struct town t;
    json_t *w;

    town_init(&t, "[site demo]\nany_host = yes\n", TOWN_NOON);
    town_view(&t, "demo", 1);
    town_view(&t, "demo", 1);
    town_view(&t, "demo", 2);
    w = widget_of(&t, "demo", false);
    cr_expect_eq(integer_at(w, "today"), 2);
    cr_expect_eq(integer_at(w, "week"), 2);
    cr_expect_eq(integer_at(w, "month"), 2);
    cr_expect_eq(integer_at(w, "total"), 2);
    cr_expect_eq(integer_at(w, "online"), 2);
    cr_expect_eq(integer_at(w, "yesterday"), 0);
    cr_expect_eq(integer_at(w, "since"), TOWN_NOON);
    cr_expect_not(true_at(w, "durable"));
    json_decref(w);
    town_wait(&t, 86400);
    w = widget_of(&t, "demo", false);
    cr_expect_eq(integer_at(w, "today"), 0);
    cr_expect_eq(integer_at(w, "yesterday"), 2);
    cr_expect_eq(integer_at(w, "total"), 2);
    cr_expect_eq(integer_at(w, "online"), 0);
    json_decref(w);
    town_release(&t);
}

Test(widget, speaks_in_the_sites_metric)
{
    struct town t;
    json_t *w;

    town_init(&t, "[site demo]\nany_host = yes\nmetric = views\n", TOWN_NOON);
    for (int i = 0; i < 5; i++)
        town_view(&t, "demo", 1);
    w = widget_of(&t, "demo", true);
    cr_expect_str_eq(text_at(w, "metric"), "views");
    cr_expect_eq(integer_at(w, "total"), 5);
    cr_expect_eq(integer_at(w, "online"), 1, "online is always visitors");
    json_decref(w);
    town_release(&t);
}

Test(widget, says_what_was_seeded)
{
    struct site_seed seed[METRIC_KINDS] = {[METRIC_VISITS] = {.as_of_s = TOWN_NOON - 60,
                                                              .total = 50510,
                                                              .week = 84,
                                                              .today = 2,
                                                              .has_week = 1,
                                                              .has_today = 1}};
    struct site_totals totals = {.since_day = INT64_MAX};
    struct town t;
    json_t *w;

    town_init(&t, "[site demo]\nany_host = yes\n", TOWN_NOON);
    site_set_totals(town_site(&t, "demo"), seed, &totals);
    town_view(&t, "demo", 1);
    w = widget_of(&t, "demo", true);
    cr_expect_eq(integer_at(w, "total"), 50511);
    cr_expect_eq(integer_at(w, "week"), 85);
    cr_expect_eq(integer_at(w, "today"), 3);
    cr_expect_eq(integer_at(w, "month"), 1, "no month was seeded");
    json_decref(w);
    town_release(&t);
}

Test(widget, who_is_answered_is_online_at_least)
{
    struct widget w = {.online = 0};

    widget_sees_somebody(&w);
    cr_expect_eq(w.online, 1);
    w.online = 7;
    widget_sees_somebody(&w);
    cr_expect_eq(w.online, 7);
}
