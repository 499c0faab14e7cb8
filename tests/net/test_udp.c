#include "net/udp.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "net/served.h"

static void send_many(int fd, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        cr_assert_eq(send(fd, "s=demo", 6, 0), 6);
}

Test(udp, port_0_is_one_number_for_tcp_and_udp)
{
    struct served s;
    size_t count;
    served_init(&s);
    cr_assert_eq(served_open(&s), 0, "%s", s.error);
    const struct net_listener *l = net_listeners(s.net, &count);
    cr_expect_eq(count, 1);
    cr_expect(l->udp);
    cr_expect_neq(l->port, 0);
    cr_expect_geq(l->udp_buffer, 2u << 20);
    cr_assert_eq(net_start(s.net), 0);
    struct client *c = client_new(l->port);
    cr_expect_not_null(c);
    client_free(c);
    int fd = sender_new(l->port);
    send_many(fd, 1);
    cr_expect(served_datagrams(&s, 1));
    close(fd);
    served_stop(&s);
}

Test(udp, a_datagram_is_handed_on_whole_and_counted)
{
    static const char large[9000] = "x";
    struct served s;
    served_init(&s);
    served_start(&s);
    int fd = sender_new(s.port);
    send_many(fd, 1);
    cr_assert(served_datagrams(&s, 1)); /* one at a time keeps their order */
    cr_assert_eq(send(fd, large, sizeof large, 0), (ssize_t)sizeof large);
    cr_assert(served_datagrams(&s, 2));
    cr_expect_eq(s.heard[0], 6);
    cr_expect_eq(s.heard[1], sizeof large); /* the pipeline refuses it, and counts it */
    served_stop(&s);
    cr_expect_eq(served_metric(&s, METRICS_AT_udp_datagrams), 2);
    cr_expect_eq(served_metric(&s, METRICS_AT_udp_bytes), 6 + sizeof large);
    cr_expect_eq(served_metric(&s, METRICS_AT_udp_truncated), 0);
    close(fd);
}

Test(udp, an_empty_datagram_is_counted_and_not_handed_on)
{
    struct served s;
    served_init(&s);
    served_start(&s);
    int fd = sender_new(s.port);
    cr_assert_eq(send(fd, "", 0, 0), 0);
    send_many(fd, 1);
    cr_assert(served_datagrams(&s, 1));
    served_stop(&s);
    cr_expect_eq(s.datagrams, 1);
    cr_expect_eq(served_metric(&s, METRICS_AT_udp_empty), 1);
    cr_expect_eq(served_metric(&s, METRICS_AT_udp_datagrams), 2);
    close(fd);
}

Test(udp, what_the_kernel_joined_is_split_again)
{
    struct served s;
    char bytes[950];
    int segment = 100;
    served_init(&s);
    served_start(&s);
    int fd = sender_new(s.port);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)('a' + i / 100);
    if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) != 0) {
        printf("skipped: no UDP_SEGMENT here\n");
        close(fd);
        served_stop(&s);
        return;
    }
    cr_assert_eq(send(fd, bytes, sizeof bytes, 0), (ssize_t)sizeof bytes);
    cr_assert(served_datagrams(&s, 10));
    for (unsigned i = 0; i < 10; i++) {
        cr_expect_eq(s.heard[i], i < 9 ? 100 : 50);
        cr_expect_eq(s.first[i], (char)('a' + i));
    }
    served_stop(&s);
    cr_expect_eq(s.datagrams, 10);
    cr_expect_eq(served_metric(&s, METRICS_AT_udp_datagrams), 10);
    close(fd);
}

Test(udp, one_sender_reaches_all_workers)
{
    struct served s;
    served_init(&s);
    s.options.workers = 3;
    served_start(&s);
    int fd = sender_new(s.port);
    send_many(fd, 300);
    cr_assert(served_datagrams(&s, 300));
    served_stop(&s);
    for (int i = 0; i < 3; i++)
        cr_expect_gt(s.lanes[i].datagrams, 30, "worker %d: %u", i, s.lanes[i].datagrams);
    cr_expect_eq(served_metric(&s, METRICS_AT_udp_datagrams), 300);
    close(fd);
}

Test(udp, net_stop_takes_what_is_queued)
{
    struct served s;
    served_init(&s);
    s.options.workers = 2;
    served_start(&s);
    int fd = sender_new(s.port);
    send_many(fd, 500);
    net_stop(s.net, 0);
    cr_expect_eq(s.datagrams, 500);
    cr_expect_eq(net_kernel_drops(s.net), 0);
    served_stop(&s);
    close(fd);
}

Test(udp, what_does_not_fit_the_kernels_buffer_is_a_drop)
{
    static const char bytes[1400] = "x";
    struct served s;
    served_init(&s);
    s.options.udp_buffer = 4096;
    cr_assert_eq(served_open(&s), 0, "%s", s.error); /* no thread: nobody receives */
    int fd = sender_new(s.port);
    for (int i = 0; i < 100; i++)
        (void)!send(fd, bytes, sizeof bytes, 0);
    cr_expect_gt(net_kernel_drops(s.net), 50);
    served_stop(&s);
    close(fd);
}

Test(udp, without_trusted_senders_there_is_no_socket)
{
    struct served s;
    size_t count;
    char byte;
    served_init(&s);
    s.options.udp = false;
    served_start(&s);
    cr_expect_not(net_listeners(s.net, &count)->udp);
    int fd = sender_new(s.port);
    cr_assert_eq(send(fd, "x", 1, 0), 1);
    cr_expect_eq(recv(fd, &byte, 1, 0), -1);
    cr_expect_eq(errno, ECONNREFUSED);
    cr_expect_eq(net_kernel_drops(s.net), 0);
    close(fd);
    served_stop(&s);
}
