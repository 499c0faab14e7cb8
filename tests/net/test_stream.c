/* Answers that do not end: what a client that listens gets, misses and costs. */
#include "net/http_stream.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/served.h"

static struct client *listen_to(struct served *s, const char *target)
{
    struct client *c = client_new(s->port);
    char request[128];

    cr_assert_not_null(c);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
    client_send(c, request);
    return c;
}

/* The next line, without its end; its length is returned, -1 at the end. */
static long next_line(struct client *c, char first[8])
{
    for (size_t length = 0;; length++) {
        while (c->begin + length >= c->end) {
            memmove(c->bytes, c->bytes + c->begin, c->end - c->begin);
            c->end -= c->begin;
            c->begin = 0;
            cr_assert_lt(c->end, sizeof c->bytes);
            ssize_t got = recv(c->fd, c->bytes + c->end, sizeof c->bytes - c->end, 0);
            if (got <= 0)
                return -1;
            c->end += (size_t)got;
        }
        if (c->bytes[c->begin + length] != '\n')
            continue;
        snprintf(first, 8, "%.*s", (int)(length < 7 ? length : 7), c->bytes + c->begin);
        c->begin += length + 1;
        return (long)length;
    }
}

/* Head and "begin". */
static void expect_beginning(struct client *c)
{
    char line[8] = "";

    for (int i = 0; i < 8 && strcmp(line, "begin") != 0; i++)
        cr_assert_geq(next_line(c, line), 0);
    cr_assert_str_eq(line, "begin");
}

Test(stream, goes_on_once_a_second_until_it_is_told_to_end)
{
    struct served s;
    char line[8];

    served_init(&s);
    served_start(&s);
    struct client *c = listen_to(&s, "/stream");
    expect_beginning(c);
    cr_expect_eq(next_line(c, line), 6);
    cr_expect_str_eq(line, "000001");
    cr_expect_eq(next_line(c, line), 6);
    cr_expect_str_eq(line, "000002");
    cr_expect_eq(served_metric(&s, METRICS_AT_http_streams), 1);
    pthread_mutex_lock(&s.lock);
    s.streams_end = true;
    pthread_mutex_unlock(&s.lock);
    cr_expect(served_streams_ended(&s, 1));
    cr_expect_eq(next_line(c, line), -1);
    client_free(c);
    served_stop(&s);
    cr_expect_eq(s.streams_ended, 1u);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_streams), 0);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_responses_2xx), 1);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_streams_missed), 0);
}

Test(stream, ends_when_its_client_goes_and_what_else_it_asks_is_not_answered)
{
    struct served s;

    served_init(&s);
    served_start(&s);
    struct client *c = client_new(s.port);
    cr_assert_not_null(c);
    client_send(c, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"
                   "GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_beginning(c);
    client_send(c, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    client_free(c);
    cr_expect(served_streams_ended(&s, 1));
    served_stop(&s);
    cr_expect_eq(s.streams_ended, 1u);
    cr_expect_eq(s.token_count, 0u);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_responses_2xx), 1);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_connections), 0);
}

Test(stream, does_not_keep_us_from_stopping)
{
    struct served s;
    struct client *c[50];

    served_init(&s);
    served_start(&s);
    for (int i = 0; i < 50; i++) {
        c[i] = listen_to(&s, "/stream");
        expect_beginning(c[i]);
    }
    net_stop(s.net, 60000); /* the test's own time limit is shorter */
    cr_expect_eq(s.streams_ended, 50u);
    for (int i = 0; i < 50; i++)
        client_free(c[i]);
    served_stop(&s);
}

Test(stream, who_takes_nothing_is_closed_at_his_deadline_and_nobody_else)
{
    enum { SLOW = 30 };
    struct served s;
    struct client *slow[SLOW];
    char line[8];

    served_init(&s);
    s.options.stuck_ms = 1000;
    served_start(&s);
    struct client *good = listen_to(&s, "/stream");
    expect_beginning(good);
    for (int i = 0; i < SLOW; i++)
        slow[i] = listen_to(&s, "/stream?200000"); /* and never reads */
    cr_expect(served_streams_ended(&s, SLOW));
    cr_expect_geq(served_metric(&s, METRICS_AT_http_timeouts), 1);
    cr_expect_gt(next_line(good, line), 0);
    cr_expect_gt(next_line(good, line), 0);
    cr_expect_eq(s.streams_ended, (unsigned)SLOW);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_streams), 1);
    client_free(good);
    for (int i = 0; i < SLOW; i++)
        client_free(slow[i]);
    served_stop(&s);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_connections), 0);
}

/* He reads a little, long after it was sent: what he gets is whole, and what he missed is
 * missing. */
Test(stream, who_is_behind_misses_events_and_never_a_part_of_one)
{
    enum { BYTES = 300000, LINES = 3 };
    struct served s;
    char line[8];
    unsigned last = 0;

    served_init(&s);
    served_start(&s);
    struct client *c = listen_to(&s, "/stream?300000");
    while (served_metric(&s, METRICS_AT_http_streams_missed) < 2)
        (void)poll(NULL, 0, 10);
    expect_beginning(c);
    for (int i = 0; i < LINES; i++) {
        cr_assert_eq(next_line(c, line), BYTES - 1);
        unsigned number = (unsigned)strtoul(line, NULL, 10);
        cr_expect_gt(number, last);
        last = number;
    }
    cr_expect_geq(last, (unsigned)LINES);
    client_free(c);
    served_stop(&s);
}

Test(stream, many_are_spread_over_the_turns_of_a_second)
{
    enum { MANY = 100 };
    struct served s;
    struct client *c[MANY];
    char line[8];

    served_init(&s);
    s.options.connections = s.options.connections_per_address = MANY + 8;
    served_start(&s);
    for (int i = 0; i < MANY; i++)
        c[i] = listen_to(&s, "/stream");
    for (int i = 0; i < MANY; i++) {
        expect_beginning(c[i]);
        cr_expect_eq(next_line(c[i], line), 6);
        cr_expect_str_eq(line, "000001");
    }
    for (int i = 0; i < MANY; i++)
        client_free(c[i]);
    cr_expect(served_streams_ended(&s, MANY));
    served_stop(&s);
}
