#include "net/net.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "net/served.h"

static int open_on(struct served *s, const char *listen)
{
    served_init(s);
    s->options.listen = listen;
    return served_open(s);
}

Test(net, a_port_in_use_is_an_error_and_never_shared)
{
    struct served first, second;
    char listen[32];
    cr_assert_eq(open_on(&first, "127.0.0.1:0"), 0);
    snprintf(listen, sizeof listen, "127.0.0.1:%u", first.port);
    cr_expect_eq(open_on(&second, listen), ERR_IN_USE);
    cr_expect_not_null(strstr(second.error, listen), "%s", second.error);
    served_stop(&first);
    cr_expect_eq(open_on(&second, listen), 0, "%s", second.error);
    served_stop(&second);
}

Test(net, a_udp_port_in_use_is_an_error_too)
{
    struct served s;
    char listen[32];
    struct served other;
    cr_assert_eq(open_on(&other, "127.0.0.1:0"), 0);
    /* Its own port is one that UDP has and TCP has not. */
    int fd = sender_new(other.port);
    struct sockaddr_in at;
    socklen_t length = sizeof at;
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &length), 0);
    snprintf(listen, sizeof listen, "127.0.0.1:%u", ntohs(at.sin_port));
    cr_expect_eq(open_on(&s, listen), ERR_IN_USE);
    cr_expect_not_null(strstr(s.error, "UDP"), "%s", s.error);
    close(fd);
    served_stop(&other);
}

Test(net, says_what_is_wrong_with_listen)
{
    static const struct {
        const char *listen;
        int error;
    } rows[] = {
        {"", ERR_MALFORMED},
        {"8080", ERR_MALFORMED},
        {":8080", ERR_MALFORMED},
        {"localhost:8080", ERR_MALFORMED},
        {"127.0.0.1:65536", ERR_MALFORMED},
        {"127.0.0.1:", ERR_MALFORMED},
        {"::1:8080", ERR_MALFORMED},
        {"192.0.2.1:0", ERR_IO},
        {"127.0.0.1:0,127.0.0.1:0,127.0.0.1:0,127.0.0.1:0,127.0.0.1:0,127.0.0.1:0,"
         "127.0.0.1:0,127.0.0.1:0,127.0.0.1:0",
         ERR_FULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct served s;
        cr_expect_eq(open_on(&s, rows[i].listen), rows[i].error, "%s", rows[i].listen);
        cr_expect_neq(s.error[0], '\0');
    }
}

Test(net, listens_on_several_addresses)
{
    struct served s;
    size_t count;
    served_init(&s);
    s.options.listen = "127.0.0.1:0, 127.0.0.2:0";
    s.options.workers = 2;
    served_start(&s);
    const struct net_listener *l = net_listeners(s.net, &count);
    cr_expect_eq(count, 2);
    cr_expect_eq(strncmp(l[1].text, "127.0.0.2:", 10), 0);
    cr_expect_neq(l[1].port, 0);
    struct client *c = client_new(l[0].port);
    client_send(c, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
    cr_expect(client_answer(c, false));
    client_free(c);
    served_stop(&s);
}

Test(net, can_be_freed_without_having_started)
{
    struct served s;
    cr_assert_eq(open_on(&s, "127.0.0.1:0"), 0);
    net_free(s.net);
    net_free(NULL);
}

static void *stop(void *data)
{
    struct served *s = data;
    net_stop(s->net, 5000);
    return NULL;
}

Test(net, an_answer_under_way_goes_out_before_it_stops)
{
    struct served s;
    pthread_t thread;
    served_init(&s);
    served_start(&s);
    struct client *idle = client_new(s.port);
    struct client *busy = client_new(s.port);
    client_send(busy, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    struct reply_token token = served_token(&s, 0);
    pthread_create(&thread, NULL, stop, &s);
    cr_expect(client_is_closed(idle)); /* who asks for nothing is let go soon   */
    served_reply(&s, token, "at last");
    cr_expect(client_answer(busy, false));
    cr_expect(client_body_is(busy, "at last"));
    client_free(busy); /* or it would linger until the client closes */
    pthread_join(thread, NULL);
    cr_expect_null(client_new(s.port));
    char *late = malloc(1);
    net_reply(s.net, token, late, 1, 200); /* harmless */
    client_free(idle);
    served_stop(&s);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_connections), 0);
}

Test(net, who_does_not_get_an_answer_in_time_is_cut_off)
{
    struct served s;
    served_init(&s);
    served_start(&s);
    struct client *c = client_new(s.port);
    client_send(c, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    served_token(&s, 0);
    net_stop(s.net, 0);
    cr_expect(client_is_closed(c));
    client_free(c);
    served_stop(&s);
}

/* Asks until it is answered: a slot is free a moment after its client has closed. */
static bool gets_in(uint16_t port)
{
    bool answered = false;
    for (int i = 0; i < 1000 && !answered; i++) {
        struct client *c = client_new(port);
        if (c == NULL)
            continue;
        client_send(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        answered = client_answer(c, false);
        client_free(c);
    }
    return answered;
}

static void fill(struct served *s, struct client **clients, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        clients[i] = client_new(s->port);
        client_send(clients[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        cr_assert(client_answer(clients[i], false));
    }
}

Test(net, one_address_has_a_limit_of_connections)
{
    struct served s;
    struct client *clients[3];
    struct networks loopback;
    served_init(&s);
    s.options.workers = 2;
    s.options.connections_per_address = 2;
    served_start(&s);
    fill(&s, clients, 2);
    clients[2] = client_new(s.port);
    cr_expect_not(client_answer(clients[2], false));
    cr_expect_eq(served_metric(&s, METRICS_AT_http_turned_away), 1);
    client_free(clients[0]);
    cr_expect(gets_in(s.port));
    cr_assert_eq(networks_parse(&loopback, SLICE("loopback")), 0);
    net_set_unlimited(s.net, &loopback);
    client_free(clients[2]);
    fill(&s, &clients[2], 1);
    fill(&s, &clients[0], 1);
    for (int i = 0; i < 3; i++)
        client_free(clients[i]);
    served_stop(&s);
    cr_expect_eq(served_metric(&s, METRICS_AT_http_connections), 0);
}

Test(net, all_together_have_a_limit_even_for_proxies)
{
    struct served s;
    struct client *clients[3];
    struct networks loopback;
    served_init(&s);
    cr_assert_eq(networks_parse(&loopback, SLICE("loopback")), 0);
    s.options.unlimited = &loopback;
    s.options.connections = 2;
    served_start(&s);
    fill(&s, clients, 2);
    clients[2] = client_new(s.port);
    cr_expect_not(client_answer(clients[2], false));
    client_free(clients[1]);
    cr_expect(gets_in(s.port));
    client_free(clients[0]);
    client_free(clients[2]);
    served_stop(&s);
}

Test(net, goes_on_when_descriptors_run_out_and_come_back)
{
    struct served s;
    struct rlimit before, tight;
    served_init(&s);
    served_start(&s);
    struct client *in;
    fill(&s, &in, 1);
    int lowest = dup(0);
    close(lowest);
    getrlimit(RLIMIT_NOFILE, &before);
    tight = before;
    tight.rlim_cur = (rlim_t)lowest + 1;
    setrlimit(RLIMIT_NOFILE, &tight);
    /* Has the last descriptor: none to accept. */
    struct client *late = client_new(s.port);
    cr_assert(late != NULL);
    client_send(late, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    for (int i = 0; i < 1000 && served_metric(&s, METRICS_AT_http_accept_errors) == 0;
         i++) {
        client_send(in, "GET /in HTTP/1.1\r\nHost: x\r\n\r\n");
        cr_assert(client_answer(in, false)); /* who is in is served meanwhile */
    }
    cr_expect_geq(served_metric(&s, METRICS_AT_http_accept_errors), 1);
    setrlimit(RLIMIT_NOFILE, &before);
    cr_expect(client_answer(late, false));
    cr_expect(client_body_is(late, "/late"));
    client_free(late);
    client_free(in);
    served_stop(&s);
}
