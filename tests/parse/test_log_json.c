#include "parse/log_json.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/error.h"
#include "lib/expect_text.h"

static char scratch[4096];

static struct log_line record_of(const char *text)
{
    struct log_line line = {0};

    cr_assert_eq(log_json_parse(&line, slice_of(text), scratch), 0, "%s", text);
    return line;
}

Test(log_json, reads_nginx_variables_under_their_own_names)
{
    struct log_line l = record_of(
        "{\"time_iso8601\":\"2026-11-23T07:27:48+07:00\",\"remote_addr\":\"203.0.113.9\","
        "\"http_x_forwarded_for\":\"198.51.100.7\",\"request\":\"GET /t\\u00ecm?q=1 "
        "HTTP/2.0\",\"status\":200,\"body_bytes_sent\":12,\"http_referer\":\"https://"
        "b.vn/"
        "\\\"x\",\"http_user_agent\":\"Mozilla/5.0 \\\\o/\",\"host\":\"A.vn\","
        "\"http_accept_language\":\"vi\",\"http_dnt\":\"1\","
        "\"http_sec_purpose\":\"Prefetch;prerender\",\"site\":\"a\"}");

    cr_expect_eq(l.kind, LOG_JSON);
    cr_expect(l.has_time);
    cr_expect_eq(l.time_s, 1795393668);
    cr_expect_eq(l.offset_s, 25200);
    expect_text(l.host, "203.0.113.9");
    expect_text(l.forwarded, "198.51.100.7");
    expect_text(l.method, "GET");
    expect_text(l.target, "/t\xC3\xACm?q=1");
    expect_text(l.path, "/t\xC3\xACm");
    cr_expect_eq(l.status, 200);
    expect_text(l.referrer, "https://b.vn/\"x");
    expect_text(l.user_agent, "Mozilla/5.0 \\o/");
    expect_text(l.vhost, "A.vn");
    expect_text(l.language, "vi");
    expect_text(l.site, "a");
    cr_expect(l.has_agent);
    cr_expect(l.anonymous);
    cr_expect(l.prefetch);
}

Test(log_json, knows_what_people_call_the_same_things)
{
    struct log_line l = record_of(
        "{\"@timestamp\":\"2026-11-23T00:27:48Z\",\"remoteIP\":\"203.0.113.9\","
        "\"Request-Method\":\"GET\",\"RequestPath\":\"/a\",\"DownstreamStatus\":\"304\","
        "\"userAgent\":\"x\",\"Referrer\":\"y\",\"server_name\":\"a.vn:8443\"}");

    cr_expect_eq(l.time_s, 1795393668);
    expect_text(l.path, "/a");
    cr_expect_eq(l.status, 304);
    expect_text(l.user_agent, "x");
    expect_text(l.referrer, "y");
    expect_text(l.vhost, "a.vn");
    l = record_of("{\"client\":\"::1\",\"request\":\"/"
                  "tin\",\"method\":\"GET\",\"status\":\"200\"}");
    expect_text(l.target, "/tin");
    cr_expect_not(l.has_time);
    cr_expect_not(l.has_agent);
}

Test(log_json, the_first_value_counts_and_a_dash_is_none)
{
    struct log_line l = record_of(
        "{\"ip\":\"-\",\"ip\":\"\",\"ip\":\"10.0.0.1\",\"remote_addr\":\"10.0.0.2\","
        "\"m\":\"GET\",\"u\":\"/a\",\"uri\":\"/b\",\"s\":200,\"s\":404,\"ua\":\"-\","
        "\"h\":null,\"host\":[\"a.vn\"],\"vhost\":{\"h\":\"b.vn\"},\"x\":{\"ip\":"
        "\"z\"}}");

    expect_text(l.host, "10.0.0.1");
    expect_text(l.target, "/a");
    cr_expect_eq(l.status, 200);
    expect_text(l.user_agent, "");
    expect_text(l.vhost, "");
}

Test(log_json, who_sent_no_request_is_a_record_without_a_page)
{
    struct log_line l =
        record_of("{\"ip\":\"10.0.0.1\",\"request\":\"\",\"status\":400}");

    expect_text(l.method, "");
    l = record_of("{\"ip\":\"10.0.0.1\",\"request\":\"\\u0016\\u0003\",\"status\":400}");
    expect_text(l.method, "");
    l = record_of("{\"ip\":\"10.0.0.1\",\"method\":\"\",\"uri\":\"\",\"status\":400}");
    expect_text(l.path, "");
}

#define GET_ROOT "\"request\":\"GET / HTTP/1.1\""

Test(log_json, refuses_a_line_that_lacks_what_counting_needs)
{
    static const char *const wrong[] = {
        "{}",
        "{" GET_ROOT ",\"status\":200}",
        "{\"ip\":\"10.0.0.1\"," GET_ROOT "}",
        "{\"ip\":\"10.0.0.1\",\"status\":200}",
        "{\"ip\":\"10.0.0.1\",\"method\":\"GET\",\"status\":200}",
        "{\"ip\":\"10.0.0.1\",\"uri\":\"/\",\"status\":200}",
        "{\"ip\":\"10.0.0.1\"," GET_ROOT ",\"status\":20}",
        "{\"ip\":\"10.0.0.1\"," GET_ROOT ",\"status\":\"2000\"}",
        "{\"ip\":\"10.0.0.1\"," GET_ROOT ",\"status\":2e2}",
        "{\"ip\":\"10.0.0.1\"," GET_ROOT ",\"status\":200,\"t\":\"now\"}",
        "{\"ip\":\"10.0.0.1\"," GET_ROOT ",\"status\":200",
        "{\"ip\":\"10.0.0.1\"," GET_ROOT ",\"status\":200,\"x\":}",
    };
    struct log_line l;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(log_json_parse(&l, slice_of(wrong[i]), scratch), ERR_MALFORMED, "%s",
                     wrong[i]);
}
