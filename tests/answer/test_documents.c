/* Everything that is read over HTTP. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "lib/read_json.h"
#include "office.h"

static const char sites[] =
    "[site demo]\nany_host = yes\npublic = yes\ntitle = <b>\"Cổng\" & 'x'\n"
    "[site secret]\nany_host = yes\n";

static json_t *body_of(const struct office *o)
{
    return read_json(office_body(o));
}

static void expect_error(struct office *o, unsigned status, unsigned expected,
                         const char *reason)
{
    json_t *body = body_of(o);

    cr_expect_eq(status, expected);
    cr_expect_str_eq(text_at(body, "error.reason"), reason);
    cr_expect_gt(strlen(text_at(body, "error.message")), 10u);
    cr_expect_str_eq(office_header(o, "Cache-Control"), "no-store");
    cr_expect_str_eq(office_header(o, "X-Content-Type-Options"), "nosniff");
    json_decref(body);
}

/* --- Routes --- */

Test(documents, what_is_not_there_is_404_with_a_reason)
{
    static const char *const targets[] = {"/nothing",
                                          "/v1",
                                          "/v1/demo",
                                          "/v1/demo/x.json",
                                          "/v1/demo/widget.json/",
                                          "/v1//widget.json",
                                          "/demo/widget.htm",
                                          "/luot.js.map",
                                          "/../etc/passwd",
                                          "/v1/demo/a/widget.json"};
    struct office *o = office_new(sites);

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        unsigned status = office_get(o, targets[i], "");
        expect_error(o, status, 404, "not_found");
    }
    expect_error(o, office_get(o, "/v1/nowhere/widget.json", ""), 404, "unknown_site");
    expect_error(o, office_get(o, "/%3Cscript%3E/widget.html", ""), 404, "unknown_site");
    office_free(o);
}

Test(documents, what_takes_another_method_is_405_and_says_which)
{
    struct office *o = office_new(sites);

    expect_error(o, office_get(o, "/b", ""), 405, "method");
    cr_expect_str_eq(office_header(o, "Allow"), "POST, OPTIONS");
    expect_error(o, office_post(o, "/v1/demo/widget.json", "", ""), 405, "method");
    cr_expect_str_eq(office_header(o, "Allow"), "GET, HEAD, OPTIONS");
    expect_error(o, office_http(o, "DELETE /b HTTP/1.1\r\nHost: a\r\n\r\n"), 405,
                 "method");
    expect_error(o, office_post(o, "/p.gif", "", "s=demo"), 405, "method");
    office_free(o);
}

Test(documents, head_is_get_without_the_body)
{
    struct office *o = office_new(sites);
    char length[32];

    office_get(o, "/v1/demo/snapshot.json", "");
    snprintf(length, sizeof length, "%zu", office_body(o).length);
    cr_expect_eq(
        office_http(o, "HEAD /v1/demo/snapshot.json HTTP/1.1\r\nHost: a\r\n\r\n"), 200u);
    cr_expect_eq(office_body(o).length, 0u);
    cr_expect_str_eq(office_header(o, "Content-Length"), length);
    cr_expect_eq(office_http(o, "HEAD /v1/sites.json HTTP/1.1\r\nHost: a\r\n\r\n"), 200u);
    cr_expect_eq(office_body(o).length, 0u, "also when it comes later");
    office_free(o);
}

Test(documents, connections_are_closed_when_that_was_asked)
{
    struct office *o = office_new(sites);

    office_get(o, "/v1/", "");
    cr_expect_not(o->close);
    cr_expect_null(office_header(o, "Connection"));
    office_get(o, "/v1/", "Connection: close\r\n");
    cr_expect(o->close);
    cr_expect_str_eq(office_header(o, "Connection"), "close");
    office_get(o, "/v1/sites.json", "Connection: close\r\n");
    cr_expect(o->later);
    cr_expect_str_eq(office_header(o, "Connection"), "close");
    office_free(o);
}

Test(documents, answers_say_when_they_were_made)
{
    struct office *o = office_new(sites);

    office_get(o, "/v1/", "");
    cr_expect_str_eq(office_header(o, "Date"), "Wed, 25 Nov 2026 03:00:30 GMT");
    office_free(o);
}

/* --- The list --- */

Test(documents, every_example_of_the_list_is_answered)
{
    struct office *o = office_new("[site portal]\nany_host = yes\npublic = yes\n");
    json_t *list, *row;
    size_t i;

    cr_expect_eq(office_get(o, "/v1/", ""), 200u);
    list = body_of(o);
    cr_expect_geq(json_array_size(json_at(list, "documents")), 5u);
    json_array_foreach((json_t *)(uintptr_t)json_at(list, "documents"), i, row)
    {
        char target[256];
        snprintf(target, sizeof target, "/%s", text_at(row, "example"));
        cr_expect_eq(office_get(o, target, ""), 200u, "%s", target);
        if (strcmp(office_header(o, "Content-Type"), "application/json") == 0)
            json_decref(body_of(o));
        cr_expect_eq(strncmp(text_at(row, "request"), "GET v1/", 7), 0);
        cr_expect_gt(strlen(text_at(row, "about")), 5u);
    }
    json_decref(list);
    office_free(o);
}

/* --- widget.json --- */

Test(documents, the_box_is_public_even_of_a_private_site)
{
    struct office *o = office_new(sites);
    json_t *w;

    cr_expect_eq(office_get(o, "/v1/secret/widget.json", "Origin: https://x\r\n"), 200u);
    cr_expect_str_eq(office_header(o, "Access-Control-Allow-Origin"), "*");
    cr_expect_str_eq(office_header(o, "Cache-Control"), "max-age=0, s-maxage=1");
    cr_expect_str_eq(office_header(o, "Content-Type"), "application/json");
    w = body_of(o);
    cr_expect_str_eq(text_at(w, "site"), "secret");
    json_decref(w);
    office_free(o);
}

Test(documents, the_box_shows_a_view_at_once)
{
    struct office *o = office_new(sites);
    json_t *w;

    for (int i = 1; i <= 3; i++) {
        office_post(o, "/b", "", "s=demo&p=/");
        office_get(o, "/v1/demo/widget.json", "");
        w = body_of(o);
        cr_expect_eq(integer_at(w, "total"), 1);
        cr_expect_eq(integer_at(w, "online"), 1);
        json_decref(w);
    }
    town_view(&o->town, "demo", 7); /* over UDP, or by another worker */
    office_get(o, "/v1/demo/widget.json", "");
    w = body_of(o);
    cr_expect_eq(integer_at(w, "total"), 2);
    json_decref(w);
    office_free(o);
}

/* By a clock that goes by itself, as it must where answers are kept. */
Test(documents, the_box_of_one_second_is_the_same_for_all_until_somebody_is_counted)
{
    static const char target[] = "/v1/demo/widget.json";
    struct office *o = office_new(sites);
    char first[2048], headers[256];
    size_t length = 0;
    json_t *w;

    o->town.clock.file_ms = NULL;
    atomic_store(&o->town.clock.offset_ms, o->town.ms - clock_now(&o->town.clock).ms);
    for (int tries = 0; tries < 100; tries++) { /* until both are of one second */
        office_get(o, target, "");
        length = o->length;
        cr_assert(length < sizeof first);
        memcpy(first, o->bytes, length);
        office_get(o, target, "Accept-Encoding: gzip\r\n");
        if (o->length == length && memcmp(first, o->bytes, length) == 0)
            break;
        cr_assert_lt(tries, 99);
    }
    cr_expect_null(office_header(o, "Connection"));
    cr_expect_str_eq(office_header(o, "Access-Control-Allow-Origin"), "*");
    cr_expect_not_null(office_header(o, "ETag"));
    snprintf(headers, sizeof headers, "If-None-Match: %s\r\n", office_header(o, "ETag"));
    cr_expect_eq(office_get(o, target, headers), 304u);
    cr_expect_eq(office_get(o, target, "Connection: close\r\n"), 200u);
    cr_expect_str_eq(office_header(o, "Connection"), "close");
    cr_expect_eq(office_http(o, "HEAD /v1/demo/widget.json HTTP/1.1\r\nHost: a\r\n\r\n"),
                 200u);
    cr_expect_eq(office_body(o).length, 0u);
    office_get(o, "/p.gif?s=demo&p=/", "");
    office_get(o, target, "");
    w = body_of(o);
    cr_expect_eq(integer_at(w, "total"), 1);
    json_decref(w);
    office_free(o);
}

Test(documents, what_has_not_changed_is_304)
{
    static const char *const targets[] = {
        "/v1/", "/v1/demo/widget.json", "/v1/demo/snapshot.json",
        "/v1/demo/series.json?step=day&from=2026-11-01&to=2026-11-26", "/v1/sites.json"};
    struct office *o = office_new(sites);

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        char headers[256];
        cr_expect_eq(office_get(o, targets[i], ""), 200u);
        snprintf(headers, sizeof headers, "If-None-Match: \"other\", %s\r\n",
                 office_header(o, "ETag"));
        o->town.ms += 2000; /* as_of alone is no change */
        cr_expect_eq(office_get(o, targets[i], headers), 304u, "%s", targets[i]);
        cr_expect_eq(office_body(o).length, 0u);
        cr_expect_not_null(office_header(o, "ETag"));
        cr_expect_null(office_header(o, "Content-Length"));
        cr_expect_eq(office_get(o, targets[i], "If-None-Match: \"other\"\r\n"), 200u);
        cr_expect_eq(office_get(o, targets[i], "If-None-Match: *\r\n"), 304u);
    }
    office_post(o, "/b", "", "s=demo&p=/");
    office_free(o);
}

Test(documents, a_new_number_is_a_new_tag)
{
    struct office *o = office_new(sites);
    char headers[256];

    office_get(o, "/v1/demo/widget.json", "");
    snprintf(headers, sizeof headers, "If-None-Match: %s\r\n", office_header(o, "ETag"));
    office_post(o, "/b", "", "s=demo&p=/");
    cr_expect_eq(office_get(o, "/v1/demo/widget.json", headers), 200u);
    office_free(o);
}

/* --- report.json --- */

Test(documents, a_report_has_all_of_a_day_in_a_row)
{
    struct office *o = office_new(sites);
    json_t *r;

    for (unsigned i = 0; i < 3; i++)
        town_view(&o->town, "demo", 1 + i / 2);
    cr_expect_eq(office_get(o, "/v1/demo/report.json", ""), 200u);
    r = body_of(o);
    cr_expect_str_eq(text_at(r, "by"), "day");
    cr_expect_eq(json_array_size(json_at(r, "rows")), 1u);
    cr_expect_eq(integer_at(r, "rows.0.views"), 3);
    cr_expect_eq(integer_at(r, "rows.0.visits"), 2);
    cr_expect_eq(integer_at(r, "rows.0.visitors"), 2);
    cr_expect_str_eq(text_at(r, "rows.0.day"), "2026-11-25");
    cr_expect_not_null(json_at(r, "rows.0.bounce_rate"));
    json_decref(r);
    cr_expect_eq(
        office_get(o, "/v1/demo/report.json?by=week&from=2026-11-01&to=2027-01-01", ""),
        200u);
    r = body_of(o);
    cr_expect_str_eq(text_at(r, "rows.0.week"), "2026-W48");
    json_decref(r);
    expect_error(o, office_get(o, "/v1/demo/report.json?by=minute", ""), 400, "by");
    expect_error(o, office_get(o, "/v1/demo/report.json?from=x", ""), 400, "from");
    expect_error(o, office_get(o, "/v1/demo/report.json?to=x", ""), 400, "to");
    expect_error(o,
                 office_get(o, "/v1/demo/report.json?from=2026-11-02&to=2026-11-01", ""),
                 400, "range");
    expect_error(o, office_get(o, "/v1/secret/report.json", ""), 401, "unauthorized");
    office_free(o);
}

/* --- Private --- */

Test(documents, a_private_sites_documents_are_401)
{
    struct office *o = office_new(sites);

    expect_error(o, office_get(o, "/v1/secret/snapshot.json", ""), 401, "unauthorized");
    cr_expect_str_eq(office_header(o, "WWW-Authenticate"), "Bearer realm=\"luot\"");
    expect_error(o, office_get(o, "/v1/secret/series.json", ""), 401, "unauthorized");
    office_free(o);
}

Test(documents, the_league_is_of_public_sites)
{
    struct office *o = office_new(sites);
    json_t *s;

    cr_expect_eq(office_get(o, "/v1/sites.json", ""), 200u);
    s = body_of(o);
    cr_expect_eq(json_array_size(json_at(s, "sites")), 1u);
    cr_expect_str_eq(text_at(s, "sites.0.site"), "demo");
    json_decref(s);
    office_free(o);
}

/* --- snapshot.json --- */

Test(documents, what_people_typed_cannot_leave_its_quotes)
{
    struct office *o = office_new(sites);
    json_t *s;

    office_get(o, "/v1/demo/snapshot.json", "");
    s = body_of(o);
    cr_expect_str_eq(text_at(s, "title"), "<b>\"Cổng\" & 'x'");
    json_decref(s);
    cr_expect_null(memchr(office_body(o).at, '<', office_body(o).length));
    office_get(o, "/v1/sites.json", "");
    cr_expect_null(memchr(office_body(o).at, '<', office_body(o).length));
    office_free(o);
}

/* --- series.json --- */

Test(documents, a_series_of_the_present_needs_no_store)
{
    struct office *o = office_new(sites);
    json_t *s;
    char target[128];

    office_post(o, "/b", "", "s=demo&p=/");
    snprintf(target, sizeof target,
             "/v1/demo/series.json?metric=views&step=minute&from=%d&to=%d",
             TOWN_NOON - 600, TOWN_NOON + 60);
    cr_expect_eq(office_get(o, target, ""), 200u);
    cr_expect_not(o->later);
    cr_expect_eq(o->jobs, 0u);
    s = body_of(o);
    cr_expect_str_eq(text_at(s, "step"), "minute");
    cr_expect_eq(json_array_size(json_at(s, "points")), 12u);
    cr_expect(null_at(s, "points.0.1"));
    cr_expect_eq(integer_at(s, "points.10.1"), 1);
    json_decref(s);
    office_free(o);
}

Test(documents, a_series_of_days_comes_from_the_reader)
{
    struct office *o = office_new(sites);
    json_t *s;

    office_open_store(o);
    office_post(o, "/b", "", "s=demo&p=/");
    cr_expect_eq(office_get(o, "/v1/demo/series.json", ""), 200u);
    cr_expect(o->later);
    s = body_of(o);
    cr_expect_str_eq(text_at(s, "metric"), "visits");
    cr_expect_str_eq(text_at(s, "step"), "day");
    cr_expect_eq(json_array_size(json_at(s, "points")), 30u);
    cr_expect_eq(integer_at(s, "points.29.1"), 1);
    cr_expect(null_at(s, "points.28.1"));
    json_decref(s);
    cr_expect_eq(office_get(o, "/v1/demo/series.json?metric=visitors&step=month", ""),
                 200u);
    s = body_of(o);
    cr_expect_eq(integer_at(s, "points.24.1"), 1);
    json_decref(s);
    office_free(o);
}

Test(documents, questions_that_make_no_sense_are_400_and_say_why)
{
    static const struct {
        const char *query, *reason;
    } table[] = {
        {"metric=clicks", "metric"},
        {"step=fortnight", "step"},
        {"metric=visitors&step=hour", "step"},
        {"from=yesterday", "from"},
        {"to=2026-02-30", "to"},
        {"from=2026-02-02&to=2026-02-01", "range"},
        {"step=minute&from=0", "range"},
        {"from=%3Cb%3E", "from"},
    };
    struct office *o = office_new(sites);

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char target[128];
        snprintf(target, sizeof target, "/v1/demo/series.json?%s", table[i].query);
        expect_error(o, office_get(o, target, ""), 400, table[i].reason);
    }
    office_free(o);
}

Test(documents, too_many_questions_are_503_with_retry_after)
{
    struct office *o = office_new(sites);

    o->submit_error = ERR_FULL;
    expect_error(o, office_get(o, "/v1/sites.json", ""), 503, "busy");
    cr_expect_str_eq(office_header(o, "Retry-After"), "1");
    expect_error(o, office_get(o, "/v1/demo/series.json?step=day", ""), 503, "busy");
    o->submit_error = 0;
    o->canceled = true;
    expect_error(o, office_get(o, "/v1/sites.json", ""), 503, "stopping");
    office_free(o);
}

Test(documents, an_answer_that_does_not_fit_is_the_buffers_error)
{
    struct office *o = office_new(sites);
    struct http_request request = {.method = METHOD_GET,
                                   .target = SLICE("/v1/demo/snapshot.json"),
                                   .path = SLICE("/v1/demo/snapshot.json")};
    struct address peer;
    struct answer_plan plan;
    struct answer_reply reply;

    cr_assert_eq(address_parse(&peer, SLICE("127.0.0.1")), 0);
    pipeline_begin(&o->town.pipeline, town_now(&o->town));
    answer_request(&o->lane, &request, &peer, &plan);
    (void)pipeline_end(&o->town.pipeline);
    for (size_t limit = 0; limit < 8192; limit += 97) {
        char *memory = malloc(limit + 1);
        struct buffer out;
        buffer_init(&out, memory, limit);
        answer_respond(&o->lane, &request, &plan, &out, (struct http_token){1, 2, 3}, 1,
                       &reply);
        cr_expect(buffer_error(&out) == ERR_FULL || out.length > 500);
        free(memory);
    }
    office_free(o);
}

/* --- Pages and files --- */

Test(documents, files_are_tagged_and_packed)
{
    static const char *const targets[] = {
        "/luot.js",     "/widget.js",   "/widget.css",   "/frame.css",    "/snippet.js",
        "/snippet.css", "/privacy.css", "/dashboard.js", "/dashboard.css"};
    struct office *o = office_new(sites);

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        char headers[256], plain[64], gzip[64];
        size_t length;
        cr_expect_eq(office_get(o, targets[i], ""), 200u, "%s", targets[i]);
        snprintf(plain, sizeof plain, "%s", office_header(o, "ETag"));
        cr_expect_neq(plain[0], 'W', "a strong tag");
        cr_expect_str_eq(office_header(o, "Vary"), "Accept-Encoding");
        cr_expect_null(office_header(o, "Content-Encoding"));
        cr_expect_eq(office_get(o, targets[i], "Accept-Encoding: br;q=0.5, gzip\r\n"),
                     200u);
        cr_expect_str_eq(office_header(o, "Content-Encoding"), "gzip");
        snprintf(gzip, sizeof gzip, "%s", office_header(o, "ETag"));
        cr_expect_str_neq(gzip, plain);
        cr_expect_eq((unsigned char)office_body(o).at[0], 0x1F);
        length = office_body(o).length;
        cr_expect_eq(office_get(o, targets[i], "Accept-Encoding: gzip, br\r\n"), 200u);
        cr_expect_str_eq(office_header(o, "Content-Encoding"), "br");
        cr_expect_str_neq(office_header(o, "ETag"), plain);
        cr_expect_str_neq(office_header(o, "ETag"), gzip);
        cr_expect_lt(office_body(o).length, length);
        cr_expect_eq(office_get(o, targets[i], "Accept-Encoding: gzip;q=0\r\n"), 200u);
        cr_expect_null(office_header(o, "Content-Encoding"));
        snprintf(headers, sizeof headers, "If-None-Match: %s\r\n", plain);
        cr_expect_eq(office_get(o, targets[i], headers), 304u);
    }
    office_free(o);
}

static size_t preloads(struct office *o, const char *target, const char *path)
{
    char link[256];
    struct slice body;
    size_t n = 0;

    cr_assert_eq(office_get(o, target, ""), 200u, "%s", target);
    body = office_body(o);
    for (const char *at = body.at, *end = at + body.length; at < end; at++) {
        at = memmem(at, (size_t)(end - at), "rel=\"preload\"", 13);
        if (at == NULL)
            break;
        n++;
    }
    snprintf(link, sizeof link,
             "<link rel=\"preload\" href=\"%s\" as=\"fetch\" crossorigin>", path);
    cr_expect_not_null(memmem(body.at, body.length, link, strlen(link)), "%s in %s", path,
                       target);
    return n;
}

Test(documents, the_dashboard_asks_early_for_what_its_script_shows_first)
{
    struct office *o = office_new("[site a]\nany_host = yes\npublic = yes\n"
                                  "[site b]\nany_host = yes\npublic = yes\n"
                                  "[site secret]\nany_host = yes\n");

    cr_expect_eq(preloads(o, "/", "v1/sites.json"), 1u);
    cr_expect_eq(preloads(o, "/?site=&lang=en", "v1/sites.json"), 1u);
    cr_expect_eq(preloads(o, "/?view=report", "v1/sites.json"), 1u);
    cr_expect_eq(preloads(o, "/?period=7d&site=b", "v1/b/snapshot.json"), 1u);
    cr_expect_eq(preloads(o, "/?site=a&view=report", "v1/a/snapshot.json"), 1u);
    office_free(o);
    /* The demo, and a private site that must not be told of. */
    o = office_new(sites);
    cr_expect_eq(preloads(o, "/", "v1/sites.json"), 2u);
    cr_expect_eq(preloads(o, "/", "v1/demo/snapshot.json"), 2u);
    cr_expect_eq(preloads(o, "/?view=report", "v1/sites.json"), 1u);
    office_free(o);
}

Test(documents, the_dashboard_asks_early_for_nothing_that_would_be_refused)
{
    static const char *const targets[] = {"/?site=secret", "/?site=nobody",
                                          "/?site=%22%3E", "/?site=\"><script>"};
    struct office *o = office_new(sites);

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct slice body;

        if (office_get(o, targets[i], "") != 200)
            continue; /* no browser sends that */
        body = office_body(o);
        cr_expect_null(memmem(body.at, body.length, "preload", 7), "%s", targets[i]);
        cr_expect_null(memmem(body.at, body.length, "secret", 6), "%s", targets[i]);
    }
    office_free(o);
}

Test(documents, the_iframe_has_the_numbers_and_a_policy)
{
    struct office *o = office_new(sites);
    struct slice body;

    office_post(o, "/b", "", "s=demo&p=/");
    cr_expect_eq(office_get(o, "/demo/widget.html", ""), 200u);
    cr_expect_str_eq(office_header(o, "Content-Type"), "text/html; charset=utf-8");
    cr_expect_not_null(
        strstr(office_header(o, "Content-Security-Policy"), "default-src 'none'"));
    cr_expect_not_null(
        strstr(office_header(o, "Content-Security-Policy"), "frame-ancestors *"));
    cr_expect_null(strstr(office_header(o, "Content-Security-Policy"), "unsafe"));
    cr_expect_str_eq(office_header(o, "Referrer-Policy"), "no-referrer");
    body = office_body(o);
    cr_expect_null(memmem(body.at, body.length, "{{", 2), "all names are filled in");
    cr_expect_null(memmem(body.at, body.length, "<b>\"", 4), "titles are escaped");
    cr_expect_not_null(memmem(body.at, body.length, "LƯỢT TRUY CẬP", 18));
    cr_expect_eq(office_get(o, "/demo/widget.html?lang=en", ""), 200u);
    cr_expect_not_null(
        memmem(office_body(o).at, office_body(o).length, "lang=\"en\"", 9));
    office_free(o);
}

Test(documents, the_page_speaks_the_readers_language_and_is_framed_by_nobody)
{
    struct office *o = office_new(sites);

    cr_expect_eq(office_get(o, "/", "Accept-Language: en-GB,vi;q=0.5\r\n"), 200u);
    cr_expect_not_null(
        memmem(office_body(o).at, office_body(o).length, "lang=\"en\"", 9));
    cr_expect_not_null(strstr(office_header(o, "Vary"), "Accept-Language"));
    cr_expect_not_null(
        strstr(office_header(o, "Content-Security-Policy"), "frame-ancestors 'none'"));
    cr_expect_eq(office_get(o, "/?lang=km", "Accept-Language: en\r\n"), 200u);
    cr_expect_not_null(
        memmem(office_body(o).at, office_body(o).length, "lang=\"km\"", 9));
    office_free(o);
}
