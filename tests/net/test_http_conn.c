/* Connections whose request is there before they are accepted: they are read, answered and
 * closed, and the loop hears of those only that have to wait. */
#include "net/http_conn.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "net/served.h"

#define LAST(target) "GET " target " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

enum { AT_THE_DOOR = 40 };

/* So many are at the door, each with `text`; then the worker begins. */
static void begin(struct served *s, struct client **c, int count, const char *text)
{
    served_init(s);
    cr_assert_eq(served_open(s), 0, "%s", s->error);
    for (int i = 0; i < count; i++) {
        c[i] = client_new(s->port);
        cr_assert(c[i] != NULL);
        client_send(c[i], text);
    }
    cr_assert_eq(net_start(s->net), 0);
}

static void end(struct served *s, struct client **c, int count)
{
    for (int i = 0; i < count; i++) {
        cr_expect(client_is_closed(c[i]));
        client_free(c[i]);
    }
    served_stop(s);
    cr_expect_eq(served_metric(s, METRICS_AT_http_accepted), (uint64_t)count);
    cr_expect_eq(served_metric(s, METRICS_AT_http_connections), 0);
    cr_expect_eq(served_metric(s, METRICS_AT_http_timeouts), 0);
}

Test(http_conn, answers_all_who_are_at_the_door_and_lets_their_slots_go)
{
    struct client *c[AT_THE_DOOR];
    struct served s;
    begin(&s, c, AT_THE_DOOR, LAST("/x"));
    for (int i = 0; i < AT_THE_DOOR; i++) {
        cr_assert(client_answer(c[i], false));
        cr_expect(client_body_is(c[i], "/x"));
    }
    for (int i = 0; i < AT_THE_DOOR; i++) { /* the same slots once more */
        struct client *again = client_new(s.port);
        client_send(again, LAST("/again"));
        cr_assert(client_answer(again, false));
        cr_expect(client_body_is(again, "/again"));
        client_free(again);
    }
    for (int i = 0; i < AT_THE_DOOR; i++) {
        cr_expect(client_is_closed(c[i]));
        client_free(c[i]);
    }
    served_stop(&s);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_accepted), 2 * AT_THE_DOOR);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_connections), 0);
}

Test(http_conn, more_than_fit_into_a_turn_are_answered_before_it_closes)
{
    enum { REQUESTS = 3 * PIPELINED_MAX };
    static char text[REQUESTS * 40 + 100];
    struct client *c[1];
    struct served s;
    size_t length = 0;
    for (int i = 0; i < REQUESTS; i++)
        length +=
            (size_t)sprintf(text + length, "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", i);
    memcpy(text + length, LAST("/last"), sizeof LAST("/last"));
    begin(&s, c, 1, text);
    for (int i = 0; i < REQUESTS; i++) {
        char target[16];
        sprintf(target, "/%d", i);
        cr_assert(client_answer(c[0], false));
        cr_expect(client_body_is(c[0], target));
    }
    cr_assert(client_answer(c[0], false));
    cr_expect(client_body_is(c[0], "/last"));
    end(&s, c, 1);
}

Test(http_conn, a_large_answer_that_is_the_last_comes_whole)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n";
    struct client *c[1];
    struct served s;
    size_t got = 0;
    begin(&s, c, 1, LAST("/big?3000000"));
    for (ssize_t more; (more = recv(c[0]->fd, c[0]->bytes, sizeof c[0]->bytes, 0)) > 0;)
        got += (size_t)more;
    cr_expect_eq(got, sizeof head - 1 + 3000000);
    end(&s, c, 1);
}

Test(http_conn, what_is_answered_later_closes_then)
{
    struct client *c[2];
    struct served s;
    begin(&s, c, 2, LAST("/later"));
    for (unsigned i = 0; i < 2; i++)
        served_reply(&s, served_token(&s, i), "done");
    for (int i = 0; i < 2; i++) {
        cr_assert(client_answer(c[i], false));
        cr_expect(client_body_is(c[i], "done"));
    }
    end(&s, c, 2);
}

Test(http_conn, nobody_who_waits_for_an_answer_keeps_a_worker_from_stopping)
{
    struct client *c[2];
    struct served s;
    begin(&s, c, 2, LAST("/later"));
    (void)served_token(&s, 1);
    for (int i = 0; i < 2; i++)
        client_free(c[i]);
    served_stop(&s);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_connections), 0);
}

Test(http_conn, what_is_refused_is_told_before_it_closes)
{
    struct client *c[2];
    struct served s;
    begin(&s, c, 2, "GET / HTTP/3.0\r\n\r\nand more");
    for (int i = 0; i < 2; i++) {
        cr_assert(client_answer(c[i], false));
        cr_expect_eq(c[i]->status, 505);
    }
    end(&s, c, 2);
}

Test(http_conn, who_has_gone_already_is_let_go)
{
    struct client *c[4];
    struct served s;
    served_init(&s);
    cr_assert_eq(served_open(&s), 0);
    for (int i = 0; i < 4; i++) {
        c[i] = client_new(s.port);
        client_free(c[i]);
    }
    c[0] = client_new(s.port);
    client_send(c[0], LAST("/x"));
    cr_assert_eq(net_start(s.net), 0);
    cr_assert(client_answer(c[0], false));
    client_free(c[0]);
    served_stop(&s);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_accepted), 5);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_connections), 0);
}
