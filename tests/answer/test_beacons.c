/* p.gif and b: what is counted, what is answered, who may read it. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "lib/read_json.h"
#include "office.h"

static const char sites[] = "[site demo]\nany_host = yes\n"
                            "[site strict]\nhosts = strict.example.vn, *.sub.example.vn\n"
                            "[site logs]\nany_host = yes\nsource = logs\n";

static uint64_t counted(const struct office *o, enum outcome outcome)
{
    struct metrics_total total;

    metrics_sum(o->town.row, 1, &total);
    return metrics_of_outcome(&total, outcome);
}

static uint64_t received(const struct office *o)
{
    return atomic_load(&o->town.row->received);
}

static json_t *body_of(const struct office *o)
{
    return read_json(office_body(o));
}

/* --- p.gif --- */

Test(beacons, the_pixel_counts_and_is_a_gif_that_nobody_keeps)
{
    struct office *o = office_new(sites);

    cr_expect_eq(office_get(o, "/p.gif?s=demo&p=/a", ""), 200u);
    cr_expect_eq(counted(o, OUTCOME_VIEW), 1u);
    cr_expect_eq(office_body(o).length, 43u);
    cr_expect(slice_starts(office_body(o), SLICE("GIF89a")));
    cr_expect_str_eq(office_header(o, "Content-Type"), "image/gif");
    cr_expect_str_eq(office_header(o, "Content-Length"), "43");
    cr_expect_not_null(strstr(office_header(o, "Cache-Control"), "no-store"));
    cr_expect_str_eq(office_header(o, "X-Luot"), "counted");
    cr_expect_str_eq(office_header(o, "X-Content-Type-Options"), "nosniff");
    office_free(o);
}

Test(beacons, the_pixel_needs_no_query_where_the_host_says_which_site)
{
    struct office *o = office_new(sites);

    cr_expect_eq(office_get(o, "/p.gif", "Referer: https://strict.example.vn/a\r\n"),
                 200u);
    cr_expect_eq(counted(o, OUTCOME_VIEW), 1u);
    cr_expect_eq(office_get(o, "/p.gif?", "Referer: https://x.sub.example.vn/\r\n"),
                 200u);
    cr_expect_eq(counted(o, OUTCOME_VIEW), 2u);
    cr_expect_eq(office_get(o, "/p.gif", "Referer: https://other.example.vn/\r\n"), 200u);
    cr_expect_str_eq(office_header(o, "X-Luot"), "rejected; reason=unknown_site");
    cr_expect_eq(office_body(o).length, 43u, "it is an image all the same");
    cr_expect_eq(received(o), 3u);
    office_free(o);
}

/* What was kept of the first answer is what the others would have been. */
Test(beacons, every_pixel_says_what_became_of_it_and_when)
{
    struct office *o = office_new(sites);
    char first[1024];
    size_t length;

    for (int second = 0; second < 2; second++) {
        office_get(o, "/p.gif?s=demo&p=/a", "");
        length = o->length;
        cr_assert(length < sizeof first);
        memcpy(first, o->bytes, length);
        cr_expect_null(office_header(o, "Connection"));
        office_get(o, "/p.gif?s=nowhere", "");
        cr_expect_str_eq(office_header(o, "X-Luot"), "rejected; reason=unknown_site");
        office_get(o, "/p.gif?s=demo&p=/b", "");
        cr_expect(o->length == length && memcmp(first, o->bytes, length) == 0);
        for (int last = 0; last < 2; last++) {
            office_get(o, "/p.gif?s=demo&p=/b", "Connection: close\r\n");
            cr_expect_str_eq(office_header(o, "Connection"), "close");
            cr_expect(o->close);
            cr_expect_str_eq(office_header(o, "X-Luot"), "counted");
            office_get(o, "/p.gif?s=nowhere", "Connection: close\r\n");
            cr_expect_str_eq(office_header(o, "X-Luot"), "rejected; reason=unknown_site");
        }
        o->town.ms += 1000;
        office_get(o, "/p.gif?s=demo&p=/a", "");
        cr_expect(o->length == length && memcmp(first, o->bytes, length) != 0,
                  "another second, another Date");
        cr_expect_str_eq(office_header(o, "X-Luot"), "counted");
    }
    cr_expect_eq(counted(o, OUTCOME_VIEW), 10u);
    office_free(o);
}

Test(beacons, asking_with_head_counts_nothing)
{
    struct office *o = office_new(sites);

    cr_expect_eq(office_http(o, "HEAD /p.gif?s=demo HTTP/1.1\r\nHost: a\r\n\r\n"), 200u);
    cr_expect_eq(received(o), 0u);
    cr_expect_eq(office_body(o).length, 0u);
    cr_expect_str_eq(office_header(o, "Content-Length"), "43");
    cr_expect_null(office_header(o, "X-Luot"));
    office_free(o);
}

Test(beacons, who_does_not_want_to_be_known_is_not_a_visitor)
{
    struct office *o = office_new(sites);
    struct site_numbers n;

    office_get(o, "/p.gif?s=demo&p=/a", "DNT: 1\r\n");
    office_get(o, "/p.gif?s=demo&p=/a", "Sec-GPC: 1\r\n");
    cr_expect_eq(counted(o, OUTCOME_VIEW), 2u);
    site_span(town_site(&o->town, "demo"), SPAN_TODAY, town_now(&o->town), &n);
    cr_expect_eq(n.metric[METRIC_VIEWS], 2u);
    cr_expect_eq(n.metric[METRIC_VISITORS], 0u);
    office_free(o);
}

Test(beacons, what_that_means_is_for_the_site_to_say)
{
    struct office *o = office_new("[site out]\nany_host = yes\ndnt = uncounted\n"
                                  "[site in]\nany_host = yes\ndnt = ignored\n");
    struct site_numbers n;

    office_get(o, "/p.gif?s=out&p=/a", "Sec-GPC: 1\r\n");
    cr_expect_str_eq(office_header(o, "X-Luot"), "suppressed; reason=internal");
    office_get(o, "/p.gif?s=out&p=/a", "");
    office_get(o, "/p.gif?s=in&p=/a", "DNT: 1\r\n");
    cr_expect_eq(counted(o, OUTCOME_VIEW), 2u);
    cr_expect_eq(counted(o, OUTCOME_INTERNAL), 1u);
    site_span(town_site(&o->town, "out"), SPAN_TODAY, town_now(&o->town), &n);
    cr_expect_eq(n.metric[METRIC_VIEWS], 1u);
    site_span(town_site(&o->town, "in"), SPAN_TODAY, town_now(&o->town), &n);
    cr_expect_eq(n.metric[METRIC_VISITORS], 1u);
    office_free(o);
}

Test(beacons, what_nobody_has_looked_at_yet_is_suppressed)
{
    static const char *const headers[] = {
        "Purpose: prefetch\r\n", "Sec-Purpose: prefetch;prerender\r\n",
        "X-Moz: prefetch\r\n", "Sec-Purpose: Prerender\r\n"};
    struct office *o = office_new(sites);

    for (size_t i = 0; i < 4; i++) {
        cr_expect_eq(office_get(o, "/p.gif?s=demo", headers[i]), 200u);
        cr_expect_str_eq(office_header(o, "X-Luot"), "suppressed; reason=prefetch", "%s",
                         headers[i]);
    }
    cr_expect_eq(counted(o, OUTCOME_PREFETCH), 4u);
    office_free(o);
}

/* --- b --- */

Test(beacons, a_post_is_204_when_a_line_was_counted_or_suppressed)
{
    struct office *o = office_new(sites);

    cr_expect_eq(office_post(o, "/b", "", "s=demo&p=/"), 204u);
    cr_expect_str_eq(office_header(o, "X-Luot"), "counted");
    cr_expect_eq(office_body(o).length, 0u);
    cr_expect_null(office_header(o, "Content-Length"));
    cr_expect_eq(office_post(o, "/b", "", "s=logs&p=/"), 204u);
    cr_expect_str_eq(office_header(o, "X-Luot"), "suppressed; reason=other_source");
    cr_expect_eq(office_post(o, "/b", "", "s=nowhere\ns=demo&p=/\n\n"), 204u);
    cr_expect_str_eq(office_header(o, "X-Luot"), "counted");
    cr_expect_eq(received(o), 5u);
    office_free(o);
}

Test(beacons, a_post_that_is_refused_says_why)
{
    static const struct {
        const char *headers, *body, *reason;
        unsigned status;
    } table[] = {
        {"", "", "malformed", 400},
        {"", "s=demo&p=%zz", "malformed", 400},
        {"", "s=demo&k=nonsense", "malformed", 400},
        {"", "s=nowhere&p=/", "unknown_site", 403},
        {"Origin: https://evil.example\r\n", "s=strict&p=/", "origin", 403},
        {"Origin: null\r\n", "s=strict&p=/", "origin", 403},
        {"Origin: https://strict.example.vn.evil.com\r\n", "s=strict&p=/", "origin", 403},
    };
    struct office *o = office_new(sites);

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char expected[64];
        json_t *body;
        cr_expect_eq(office_post(o, "/b", table[i].headers, table[i].body),
                     table[i].status, "%s", table[i].body);
        snprintf(expected, sizeof expected, "rejected; reason=%s", table[i].reason);
        cr_expect_str_eq(office_header(o, "X-Luot"), expected);
        cr_expect_str_eq(office_header(o, "Cache-Control"), "no-store");
        cr_expect_null(office_header(o, "Access-Control-Allow-Origin"));
        body = body_of(o);
        cr_expect_str_eq(text_at(body, "error.reason"), table[i].reason);
        cr_expect_gt(strlen(text_at(body, "error.message")), 10u);
        json_decref(body);
    }
    cr_expect_eq(received(o), sizeof table / sizeof table[0]);
    office_free(o);
}

Test(beacons, lines_are_sent_as_text)
{
    struct office *o = office_new(sites);

    cr_expect_eq(
        office_post(o, "/b", "Content-Type: text/plain;charset=UTF-8\r\n", "s=demo"),
        204u);
    cr_expect_eq(office_post(o, "/b",
                             "Content-Type: application/x-www-form-urlencoded\r\n",
                             "s=demo"),
                 204u);
    cr_expect_eq(office_post(o, "/b", "Content-Type: application/json\r\n", "s=demo"),
                 415u);
    cr_expect_eq(received(o), 2u, "what is refused for its type was not framed");
    office_free(o);
}

Test(beacons, every_line_ends_in_one_word)
{
    struct office *o = office_new(sites);
    static char body[65000];
    struct metrics_total total;
    size_t length = 0;

    for (int i = 0; i < 70; i++)
        length +=
            (size_t)snprintf(body + length, sizeof body - length, "s=demo&p=/%d\n", i);
    cr_expect_eq(office_post(o, "/b", "", body), 204u);
    metrics_sum(o->town.row, 1, &total);
    cr_expect_eq(total.received, 70u);
    cr_expect_eq(total.counted_view, 64u);
    cr_expect_eq(total.rejected_too_many_lines, 6u);
    office_free(o);
}

/* --- b?reply=1 --- */

Test(beacons, the_reply_is_the_box_with_this_beacon_in_it)
{
    struct office *o = office_new(sites);
    json_t *w;

    cr_expect_eq(office_post(o, "/b?reply=1", "", "s=demo&p=/"), 200u);
    w = body_of(o);
    expect_members(w,
                   "site,metric,online,online_window_s,today,yesterday,week,month,total,"
                   "since,tz,as_of,durable");
    cr_expect_eq(integer_at(w, "today"), 1);
    cr_expect_eq(integer_at(w, "total"), 1);
    cr_expect_eq(integer_at(w, "online"), 1);
    json_decref(w);
    cr_expect_str_eq(office_header(o, "Cache-Control"), "no-store");
    cr_expect_str_eq(office_header(o, "Content-Type"), "application/json");
    office_free(o);
}

Test(beacons, a_ping_is_answered_with_the_box_and_counts_no_view)
{
    struct office *o = office_new(sites);
    json_t *w;

    cr_expect_eq(office_post(o, "/b?reply=1", "", "s=demo&k=ping"), 200u);
    w = body_of(o);
    cr_expect_eq(integer_at(w, "total"), 0);
    cr_expect_eq(integer_at(w, "online"), 1, "whoever asks is here");
    json_decref(w);
    cr_expect_eq(counted(o, OUTCOME_PING), 1u);
    office_free(o);
}

Test(beacons, who_is_not_counted_may_still_read_the_box)
{
    struct office *o = office_new(sites);
    json_t *w;

    cr_expect_eq(office_post(o, "/b?reply=1", "Sec-Purpose: prefetch\r\n", "s=demo"),
                 200u);
    w = body_of(o);
    cr_expect_eq(integer_at(w, "online"), 0);
    json_decref(w);
    cr_expect_eq(office_post(o, "/b?reply=1", "", "s=nowhere"), 403u);
    office_free(o);
}

/* --- CORS --- */

Test(beacons, only_pages_of_the_sites_hosts_may_read_the_answer)
{
    static const struct {
        const char *site, *origin;
        bool may;
    } table[] = {
        {"strict", "https://strict.example.vn", true},
        {"strict", "http://STRICT.example.vn:8080", true},
        {"strict", "https://a.sub.example.vn", true},
        {"demo", "https://anybody.example", true},
        {"demo", "null", true}, /* a sandboxed page of a site that counts all pages */
    };
    struct office *o = office_new(sites);

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char headers[128], body[64];
        snprintf(headers, sizeof headers, "Origin: %s\r\n", table[i].origin);
        snprintf(body, sizeof body, "s=%s", table[i].site);
        cr_expect_eq(office_post(o, "/b?reply=1", headers, body), 200u);
        cr_expect_str_eq(office_header(o, "Cache-Control"), "no-store");
        cr_expect_null(office_header(o, "Vary"), "of what nobody keeps");
        cr_expect_null(office_header(o, "Access-Control-Allow-Credentials"));
        if (table[i].may)
            cr_expect_str_eq(office_header(o, "Access-Control-Allow-Origin"),
                             table[i].origin);
        else
            cr_expect_null(office_header(o, "Access-Control-Allow-Origin"));
    }
    cr_expect_eq(office_post(o, "/b?reply=1", "", "s=strict"), 200u);
    cr_expect_null(office_header(o, "Access-Control-Allow-Origin"), "nobody asked");
    office_free(o);
}

Test(beacons, a_preflight_is_answered_for_hosts_that_are_known)
{
    struct office *o = office_new(sites);

    cr_expect_eq(office_http(o, "OPTIONS /b HTTP/1.1\r\nHost: a\r\nOrigin: "
                                "https://strict.example.vn\r\n"
                                "Access-Control-Request-Method: POST\r\n\r\n"),
                 204u);
    cr_expect_str_eq(office_header(o, "Access-Control-Allow-Origin"),
                     "https://strict.example.vn");
    cr_expect_str_eq(office_header(o, "Access-Control-Allow-Methods"), "POST");
    cr_expect_str_eq(office_header(o, "Allow"), "POST, OPTIONS");
    cr_expect_str_eq(office_header(o, "Vary"), "Origin");
    cr_expect_eq(
        office_http(o, "OPTIONS /b HTTP/1.1\r\nHost: a\r\nOrigin: https://evil\r\n\r\n"),
        204u);
    cr_expect_null(office_header(o, "Access-Control-Allow-Origin"));
    cr_expect_null(office_header(o, "Access-Control-Allow-Methods"));
    cr_expect_eq(received(o), 0u);
    office_free(o);
}

/* --- Who --- */

static uint64_t visitors(const struct office *o)
{
    struct site_numbers n;

    site_span(town_site(&o->town, "demo"), SPAN_TODAY, town_now(&o->town), &n);
    return n.metric[METRIC_VISITORS];
}

Test(beacons, a_proxys_clients_are_told_apart_from_the_right)
{
    static const char *const xff[] = {"1.2.3.4, 203.0.113.9", "5.6.7.8, 203.0.113.9",
                                      "203.0.113.9", "203.0.113.9, 127.0.0.1"};
    struct office *o = office_new(sites);
    char headers[128];

    for (size_t i = 0; i < 4; i++) {
        snprintf(headers, sizeof headers, "X-Forwarded-For: %s\r\n", xff[i]);
        office_post(o, "/b", headers, "s=demo");
    }
    cr_expect_eq(visitors(o), 1u);
    office_post(o, "/b", "X-Forwarded-For: 203.0.113.10\r\n", "s=demo");
    cr_expect_eq(visitors(o), 2u);
    office_free(o);
}

Test(beacons, nobody_else_is_believed)
{
    struct office *o = office_new(sites);

    for (int i = 0; i < 3; i++) {
        char request[256];
        snprintf(request, sizeof request,
                 "POST /b HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.%d\r\n"
                 "Content-Length: 22\r\n\r\ns=demo&i=10.9.9.%d&u=xx%d",
                 i, i, i);
        cr_expect_eq(office_http_from(o, request, "203.0.113.1"), 204u);
    }
    cr_expect_eq(visitors(o), 1u, "neither X-Forwarded-For nor i and u");
    cr_expect_eq(atomic_load(&o->town.row->http_proxy_without_xff), 0u);
    office_free(o);
}

Test(beacons, a_proxy_that_does_not_say_whom_is_noticed)
{
    struct office *o = office_new(sites);

    for (int i = 0; i < 99; i++)
        office_post(o, "/b", "", "s=demo");
    cr_expect_not(o->lane.proxied_told);
    office_post(o, "/b", "X-Forwarded-For: 203.0.113.9\r\n", "s=demo");
    cr_expect_eq(o->lane.proxied_without, 0u, "a hundred in a row");
    for (int i = 0; i < 100; i++)
        office_post(o, "/b", "", "s=demo");
    cr_expect(o->lane.proxied_told);
    cr_expect_eq(atomic_load(&o->town.row->http_proxy_without_xff), 199u);
    office_free(o);
}
