#include "net/http.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "net/served.h"

enum { SHORT_MS = 50 }; /* of a deadline that a test waits for */

/* One worker, one client. */
static struct client *begin(struct served *s)
{
    served_init(s);
    served_start(s);
    struct client *c = client_new(s->port);
    cr_assert(c != NULL);
    return c;
}

static void end(struct served *s, struct client *c)
{
    client_free(c);
    served_stop(s);
    cr_expect_eq(served_metric(s, METRICS_AT_http_connections), 0);
}

static void expect_target(struct client *c, const char *target)
{
    cr_assert(client_answer(c, false), "no answer for %s", target);
    cr_expect_eq(c->status, 200);
    cr_expect(client_body_is(c, target), "%.*s is not %s", (int)c->length, c->body,
              target);
}

Test(http, answers_pipelined_requests_in_order)
{
    enum { REQUESTS = 300 };
    static char all[REQUESTS * 64];
    struct served s;
    struct client *c = begin(&s);
    size_t length = 0;
    for (int i = 0; i < REQUESTS; i++)
        length += (size_t)sprintf(all + length, "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", i);
    client_send_bytes(c, all, length);
    for (int i = 0; i < REQUESTS; i++) {
        char target[16];
        sprintf(target, "/%d", i);
        expect_target(c, target);
    }
    end(&s, c);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_requests), REQUESTS);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_responses_2xx), REQUESTS);
}

Test(http, reads_requests_that_come_byte_by_byte)
{
    static const char text[] =
        "GET /first HTTP/1.1\r\nHost: x\r\n\r\n"
        "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
        "GET /last HTTP/1.1\r\nHost: x\r\n\r\n";
    struct served s;
    struct client *c = begin(&s);
    for (const char *at = text; *at != '\0'; at++)
        client_send_bytes(c, at, 1);
    expect_target(c, "/first");
    expect_target(c, "5");
    expect_target(c, "/last");
    end(&s, c);
}

Test(http, reads_a_body_of_64_kib_and_then_the_next_request)
{
    static char body[HTTP_BODY_MAX];
    struct served s;
    struct client *c = begin(&s);
    memset(body, 'x', sizeof body);
    for (int i = 0; i < 3; i++) {
        client_send(c, "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n");
        client_send_bytes(c, body, sizeof body);
        client_send(c, "GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
        expect_target(c, "65536");
        expect_target(c, "/next");
    }
    end(&s, c);
}

Test(http, refuses_what_cannot_be_read_and_closes_properly)
{
    static char target[HTTP_TARGET_MAX + 100], header[HTTP_HEAD_MAX + 100];
    static char long_target[sizeof target + 64], long_header[sizeof header + 64];
    memset(target, 'a', sizeof target - 1);
    memset(header, 'a', sizeof header - 1);
    sprintf(long_target, "GET /%s HTTP/1.1\r\nHost: x\r\n\r\n", target);
    sprintf(long_header, "GET / HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", header);
    const struct {
        const char *request;
        unsigned status;
    } rows[] = {
        {"hello\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400},
        {"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: "
         "4\r\n\r\nabc",
         400},
        {"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\nabc", 413},
        {long_target, 414},
        {long_header, 431},
        {"POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
         501},
        {"GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505},
        {"POST /b HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 3\r\n\r\nabc",
         417},
    };
    struct served s;
    served_init(&s);
    served_start(&s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client *c = client_new(s.port);
        client_send(c, "GET /good HTTP/1.1\r\nHost: x\r\n\r\n");
        client_send(c, rows[i].request);
        client_send(c, "GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
        expect_target(c, "/good");
        cr_expect(client_answer(c, false), "row %zu", i);
        cr_expect_eq(c->status, rows[i].status, "row %zu: %u", i, c->status);
        cr_expect_not_null(strstr(c->head, "Connection: close\r\n"));
        cr_expect_not_null(strstr(c->head, "Cache-Control: no-store\r\n"));
        cr_expect_gt(c->length, 0);
        cr_expect(client_is_closed(c), "row %zu", i);
        client_free(c);
    }
    served_stop(&s);
    cr_expect_eq(s.requests, sizeof rows / sizeof rows[0]);
}

Test(http, keeps_or_closes_as_the_client_asks)
{
    static const struct {
        const char *request;
        bool closes;
    } rows[] = {
        {"GET /x HTTP/1.1\r\nHost: x\r\n\r\n", false},
        {"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", true},
        {"GET /x HTTP/1.0\r\n\r\n", true},
        {"GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},
    };
    struct served s;
    served_init(&s);
    served_start(&s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client *c = client_new(s.port);
        char both[200];
        sprintf(both, "%sGET /next HTTP/1.1\r\nHost: x\r\n\r\n", rows[i].request);
        client_send(c, both);
        expect_target(c, "/x");
        if (rows[i].closes)
            cr_expect(client_is_closed(c), "row %zu", i);
        else
            expect_target(c, "/next");
        client_free(c);
    }
    served_stop(&s);
}

/* Whether the server's socket is gone: what is sent to it then is answered with a reset.
 * Waits so long for one. */
static bool is_gone(struct client *c, int wait_ms)
{
    struct pollfd reset = {.fd = c->fd, .events = 0};
    (void)send(c->fd, "x", 1, MSG_NOSIGNAL);
    return poll(&reset, 1, wait_ms) == 1 && (reset.revents & POLLERR) != 0;
}

Test(http, closes_at_once_behind_a_last_request_and_lingers_where_more_was_sent)
{
    static const char last[] = "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    struct served s;
    served_init(&s);
    served_start(&s);
    for (int more = 0; more < 2; more++) {
        struct client *c = client_new(s.port);
        char text[200];
        sprintf(text, "%s%s", last, more ? "GET /y" : "");
        client_send(c, text);
        expect_target(c, "/x");
        cr_expect(client_is_closed(c));
        cr_expect_eq(is_gone(c, more ? 100 : 5000), !more);
        client_free(c);
    }
    served_stop(&s);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_connections), 0);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_timeouts), 0);
}

Test(http, closes_after_an_answer_that_says_so)
{
    struct served s;
    struct client *c = begin(&s);
    client_send(
        c, "GET /close HTTP/1.1\r\nHost: x\r\n\r\nGET /n HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_target(c, "/close");
    cr_expect(client_is_closed(c));
    end(&s, c);
}

Test(http, passes_head_on)
{
    struct served s;
    struct client *c = begin(&s);
    client_send(
        c, "HEAD /head HTTP/1.1\r\nHost: x\r\n\r\nGET /n HTTP/1.1\r\nHost: x\r\n\r\n");
    cr_assert(client_answer(c, true));
    expect_target(c, "/n");
    end(&s, c);
}

Test(http, says_continue_to_who_asks_and_once)
{
    struct served s;
    struct client *c = begin(&s);
    client_send(c, "POST /b HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                   "Content-Length: 6\r\n\r\n");
    cr_assert(client_answer(c, true));
    cr_expect_eq(c->status, 100);
    client_send(c, "abc");
    client_send(c, "def");
    expect_target(c, "6");
    end(&s, c);
}

Test(http, later_answers_come_in_order)
{
    struct served s;
    struct client *c = begin(&s);
    client_send(c,
                "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                "GET /3 HTTP/1.1\r\nHost: x\r\n\r\nGET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                "GET /5 HTTP/1.1\r\nHost: x\r\n\r\n");
    struct reply_token first = served_token(&s, 0);
    expect_target(c, "/1"); /* what comes before does not wait */
    served_reply(&s, first, "two");
    served_reply(&s, first, "two again"); /* ignored */
    expect_target(c, "two");
    expect_target(c, "/3");
    served_reply(&s, served_token(&s, 1), "four");
    expect_target(c, "four");
    expect_target(c, "/5");
    end(&s, c);
}

Test(http, an_answer_that_was_later_closes_when_asked_to)
{
    struct served s;
    struct client *c = begin(&s);
    client_send(c, "GET /later HTTP/1.0\r\n\r\n");
    served_reply(&s, served_token(&s, 0), "done");
    expect_target(c, "done");
    cr_expect(client_is_closed(c));
    end(&s, c);
}

Test(http, many_may_wait_for_later_answers_at_once)
{
    enum { CLIENTS = 40 };
    struct served s;
    struct client *clients[CLIENTS];
    served_init(&s);
    s.options.workers = 2;
    served_start(&s);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_new(s.port);
        client_send(clients[i], "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                                "GET /after HTTP/1.1\r\nHost: x\r\n\r\n");
        served_token(&s, (unsigned)i);
    }
    for (int i = CLIENTS - 1; i >= 0; i--)
        served_reply(&s, s.tokens[i], "here");
    for (int i = 0; i < CLIENTS; i++) {
        expect_target(clients[i], "here");
        expect_target(clients[i], "/after");
        client_free(clients[i]);
    }
    served_stop(&s);
}

Test(http, a_token_whose_connection_is_gone_is_harmless)
{
    struct served s;
    served_init(&s);
    s.options.idle_ms = SHORT_MS; /* nobody replies: it ends at this deadline */
    served_start(&s);
    struct client *c = client_new(s.port);
    client_send(c, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    struct reply_token token = served_token(&s, 0);
    cr_expect(client_is_closed(c));
    client_free(c);
    c = client_new(s.port); /* has the slot now */
    served_reply(&s, token, "for another");
    client_send(c, "GET /mine HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_target(c, "/mine");
    token.connection = 1u << 20;
    served_reply(&s, token, "nowhere");
    token.worker = 99;
    served_reply(&s, token, "nowhere");
    end(&s, c);
}

Test(http, sends_an_answer_of_almost_4_mib_whole)
{
    struct served s;
    struct client *c = begin(&s);
    size_t size = OUTPUT_BYTES - 100, got = 0;
    char request[128];
    sprintf(request,
            "GET /small HTTP/1.1\r\nHost: x\r\n\r\n"
            "GET /big?%zu HTTP/1.1\r\nHost: x\r\n\r\n",
            size);
    client_send(c, request);
    client_send(c, "GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_target(c, "/small");
    size_t wanted =
        size +
        (size_t)snprintf(NULL, 0, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size);
    size_t behind = c->end - c->begin;
    got = behind < wanted ? behind : wanted;
    c->begin += got;
    while (got < wanted) {
        size_t most = wanted - got < sizeof c->bytes ? wanted - got : sizeof c->bytes;
        ssize_t more = recv(c->fd, c->bytes, most, 0);
        cr_assert_gt(more, 0);
        c->begin = c->end = 0;
        got += (size_t)more;
    }
    expect_target(c, "/next");
    end(&s, c);
}

Test(http, an_answer_that_does_not_fit_is_500)
{
    struct served s;
    struct client *c = begin(&s);
    client_send(c, "GET /ok HTTP/1.1\r\nHost: x\r\n\r\n"
                   "GET /big?4194304 HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_target(c, "/ok");
    cr_assert(client_answer(c, false));
    cr_expect_eq(c->status, 500);
    cr_expect(client_is_closed(c));
    end(&s, c);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_responses_5xx), 1);
}

/* --- Deadlines --- */

static void expect_cut_off(const char *bytes, unsigned timeouts)
{
    struct served s;
    served_init(&s);
    s.options.header_ms = s.options.body_ms = SHORT_MS;
    served_start(&s);
    struct client *c = client_new(s.port);
    client_send(c, bytes);
    cr_expect(client_is_closed(c), "%s", bytes);
    end(&s, c);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_timeouts), timeouts);
}

Test(http, closes_who_is_too_slow)
{
    expect_cut_off("", 1);
    expect_cut_off("GET / HTTP/1.1\r\nHo", 1);
    expect_cut_off("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", 1);
}

Test(http, a_byte_now_and_then_moves_no_deadline)
{
    struct served s;
    served_init(&s);
    s.options.header_ms = SHORT_MS;
    served_start(&s);
    struct client *c = client_new(s.port);
    struct timeval short_patience = {.tv_usec = 5000};
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &short_patience, sizeof short_patience);
    client_send(c, "GET /");
    bool closed = false;
    for (int i = 0; i < 1000 && !closed; i++) { /* a byte each 5 ms */
        client_send_bytes(c, "a", 1);
        closed = recv(c->fd, c->bytes, 1, 0) == 0;
    }
    cr_expect(closed);
    end(&s, c);
}

Test(http, an_idle_connection_closes_and_is_no_timeout)
{
    struct served s;
    served_init(&s);
    s.options.idle_ms = SHORT_MS;
    served_start(&s);
    struct client *c = client_new(s.port);
    client_send(c, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_target(c, "/x");
    cr_expect(client_is_closed(c));
    end(&s, c);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_timeouts), 0);
}

Test(http, closes_who_does_not_read_and_serves_the_others)
{
    struct served s;
    served_init(&s);
    s.options.write_ms = SHORT_MS;
    served_start(&s);
    struct client *slow = client_new(s.port);
    struct client *other = client_new(s.port);
#define BIG "GET /big?4000000 HTTP/1.1\r\nHost: x\r\n\r\n"
    client_send(slow, BIG BIG BIG BIG); /* more than socket buffers hold */
#undef BIG
    cr_assert(
        served_requests(&s, 1)); /* who does not read may not be asked for the rest */
    for (int i = 0; i < 100000 && served_metric(&s, METRICS_AT_http_timeouts) == 0; i++) {
        client_send(other, "GET /other HTTP/1.1\r\nHost: x\r\n\r\n");
        expect_target(other, "/other");
    }
    cr_expect_eq(served_metric(&s, METRICS_AT_http_timeouts), 1);
    client_free(slow);
    end(&s, other);
}
