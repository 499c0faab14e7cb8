#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/served.h"

enum { SHARED = 1, LISTENS = 2 };

/* A socket of 127.0.0.1 as another process would have left it; port 0 picks one. */
static int bound(int type, uint16_t *port, int how)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(*port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof at;
    int on = 1, fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
    if (how & SHARED)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    cr_assert_eq(bind(fd, (struct sockaddr *)&at, length), 0);
    if (how & LISTENS)
        cr_assert_eq(listen(fd, 64), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &length), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static void hand(struct served *s, struct net_handed *handed, size_t count)
{
    s->options.handed = handed;
    s->options.handed_count = count;
}

static void count_one(void *context, int fd)
{
    unsigned *count = context;
    cr_expect_geq(fd, 0);
    ++*count;
}

static unsigned shown(struct served *s)
{
    unsigned count = 0;
    net_show_sockets(s->net, count_one, &count);
    return count;
}

static bool is_answered(struct client *c)
{
    client_send(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    return client_answer(c, false);
}

Test(handed, what_was_queued_before_is_served)
{
    struct served s;
    uint16_t port = 0;
    struct net_handed handed[2] = {
        {.fd = bound(SOCK_STREAM, &port, SHARED | LISTENS)},
        {.fd = bound(SOCK_DGRAM, &port, SHARED)},
    };
    int fd = sender_new(port);
    cr_assert_eq(send(fd, "early", 5, 0), 5);
    struct client *c = client_new(port);
    cr_assert_not_null(c);
    served_init(&s);
    hand(&s, handed, 2);
    served_start(&s);
    cr_expect_eq(s.port, port, "port 0 is the port of what was handed over");
    cr_expect_eq(handed[0].fate, NET_STAYS);
    cr_expect_eq(handed[1].fate, NET_STAYS);
    cr_expect_eq(shown(&s), 0);
    cr_expect(served_datagrams(&s, 1));
    cr_expect(is_answered(c));
    client_free(c);
    close(fd);
    served_stop(&s);
}

Test(handed, what_is_missing_is_opened)
{
    struct served s;
    uint16_t port = 0;
    struct net_handed handed[1] = {{.fd = bound(SOCK_STREAM, &port, SHARED | LISTENS)}};
    served_init(&s);
    hand(&s, handed, 1);
    s.options.workers = 3;
    served_start(&s);
    cr_expect_eq(s.port, port);
    cr_expect_eq(shown(&s), 5); /* 2 TCP, 3 UDP */
    int fd = sender_new(port);
    for (int i = 0; i < 90; i++)
        cr_assert_eq(send(fd, "s=demo", 6, 0), 6);
    cr_expect(served_datagrams(&s, 90));
    for (int i = 0; i < 30; i++) {
        struct client *c = client_new(port);
        cr_assert_not_null(c);
        cr_expect(is_answered(c));
        client_free(c);
    }
    close(fd);
    served_stop(&s);
}

Test(handed, what_is_too_much_is_served_and_leaves)
{
    enum { OLD = 4 };
    struct served s;
    struct net_handed handed[2 * OLD] = {{0}};
    struct client *clients[64];
    uint16_t port = 0;
    for (int i = 0; i < OLD; i++) {
        handed[2 * i].fd = bound(SOCK_STREAM, &port, SHARED | LISTENS);
        handed[2 * i + 1].fd = bound(SOCK_DGRAM, &port, SHARED);
    }
    for (int i = 0; i < 64; i++) { /* a sender each: the kernel spreads them by address */
        int fd = sender_new(port);
        cr_assert_eq(send(fd, "early", 5, 0), 5);
        close(fd);
        clients[i] = client_new(port);
        cr_assert_not_null(clients[i]);
    }
    served_init(&s);
    hand(&s, handed, 2 * OLD);
    s.options.connections = s.options.connections_per_address = 256;
    served_start(&s);
    for (int i = 0; i < 2 * OLD; i++)
        cr_expect_eq(handed[i].fate, i < 2 ? NET_STAYS : NET_LEAVES);
    cr_expect(served_datagrams(&s, 64));
    int fd = sender_new(port);
    for (int i = 0; i < 64; i++)
        cr_assert_eq(send(fd, "late", 4, 0), 4);
    cr_expect(served_datagrams(&s, 128));
    for (int i = 0; i < 64; i++) {
        cr_expect(is_answered(clients[i]));
        client_free(clients[i]);
    }
    close(fd);
    served_stop(&s);
}

Test(handed, what_does_not_fit_stays_the_callers)
{
    struct served s;
    uint16_t port = 0, other = 0, udp = 0;
    int pair[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct net_handed handed[] = {
        {.fd = bound(SOCK_STREAM, &port, SHARED | LISTENS)},
        {.fd = bound(SOCK_STREAM, &other, SHARED | LISTENS)}, /* another port  */
        {.fd = bound(SOCK_DGRAM, &udp, SHARED)},              /* the same      */
        {.fd = pair[0]},                                      /* no Internet   */
        {.fd = STDOUT_FILENO},                                /* no socket     */
        {.fd = bound(SOCK_STREAM, &port, SHARED)},            /* not listening */
    };
    enum { COUNT = sizeof handed / sizeof handed[0] };
    served_init(&s);
    hand(&s, handed, COUNT);
    served_start(&s);
    cr_expect_eq(handed[0].fate, NET_STAYS);
    for (int i = 1; i < COUNT; i++)
        cr_expect_eq(handed[i].fate, NET_REFUSED, "%d", i);
    cr_expect_str_eq(handed[5].why, "it does not listen");
    cr_expect_null(handed[1].why);
    served_stop(&s);
    for (int i = 1; i < COUNT; i++)
        if (handed[i].fd != STDOUT_FILENO)
            cr_expect_eq(close(handed[i].fd), 0);
    close(pair[1]);
}

Test(handed, a_port_that_is_not_shared_is_an_error_that_says_so)
{
    struct served s;
    uint16_t port = 0;
    char listen[32];
    struct net_handed handed[] = {{.fd = bound(SOCK_STREAM, &port, LISTENS)}};
    snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
    served_init(&s);
    hand(&s, handed, 1);
    s.options.listen = listen;
    cr_expect_neq(served_open(&s), 0);
    cr_expect_eq(handed[0].fate, NET_REFUSED);
    cr_expect_neq(strstr(handed[0].why, "ReusePort=yes"), NULL);
    close(handed[0].fd);
}

Test(handed, who_waits_at_the_door_is_left_to_the_next_process)
{
    struct served s;
    uint16_t port = 0;
    int kept = bound(SOCK_STREAM, &port, SHARED | LISTENS);
    struct net_handed handed[] = {{.fd = dup(kept)}};
    served_init(&s);
    hand(&s, handed, 1);
    served_start(&s);
    net_leave_queues(s.net);
    net_stop(s.net, 0);
    struct client *c = client_new(port); /* nobody runs, and nobody is refused */
    cr_assert_not_null(c);
    served_stop(&s);
    handed[0] = (struct net_handed){.fd = kept};
    served_init(&s);
    hand(&s, handed, 1);
    served_start(&s);
    cr_expect_eq(s.port, port);
    cr_expect(is_answered(c));
    client_free(c);
    served_stop(&s);
}

static void *stop(void *data)
{
    struct served *s = data;
    net_stop(s->net, 5000);
    return NULL;
}

/* Two clients, so that one has seen that we stop when the other asks once more. */
Test(handed, who_asks_again_while_we_stop_is_answered_and_told_to_close)
{
    struct served s;
    pthread_t thread;
    served_init(&s);
    served_start(&s);
    struct client *c = client_new(s.port), *first = client_new(s.port);
    cr_assert(is_answered(c));
    cr_assert(is_answered(first));
    pthread_create(&thread, NULL, stop, &s);
    do {
        cr_assert(is_answered(first));
    } while (strstr(first->head, "Connection: close") == NULL);
    cr_expect(is_answered(c));
    cr_expect_neq(strstr(c->head, "Connection: close"), NULL);
    cr_expect(client_is_closed(c));
    client_free(c);
    client_free(first);
    pthread_join(thread, NULL);
    served_stop(&s);
}
