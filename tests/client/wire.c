#include "client/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- The other end --- */

bool wire_bind(struct wire *w, bool v6, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6,
                               .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct sockaddr *self = v6 ? (struct sockaddr *)&to6 : (struct sockaddr *)&v4;
    socklen_t length = v6 ? sizeof to6 : sizeof v4;
    int bytes = 4 << 20;
    w->fd = socket(self->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (w->fd < 0 || bind(w->fd, self, length) != 0 ||
        getsockname(w->fd, self, &length) != 0)
        return false;
    setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    snprintf(w->address, sizeof w->address, v6 ? "[::1]:%u" : "127.0.0.1:%u",
             ntohs(v6 ? to6.sin6_port : v4.sin_port));
    return true;
}

struct wire wire_new(void)
{
    struct wire w;
    cr_assert(wire_bind(&w, false, 0));
    return w;
}

/* Loopback delivers while the sender sends; the timeout is for a machine that is very
 * busy. */
struct slice wire_next(const struct wire *w)
{
    static char datagram[65536];
    struct pollfd ready = {.fd = w->fd, .events = POLLIN};
    cr_assert_eq(poll(&ready, 1, 10000), 1, "no datagram came");
    ssize_t n = recv(w->fd, datagram, sizeof datagram, MSG_DONTWAIT);
    cr_assert_gt(n, 0);
    cr_assert_leq((size_t)n, (size_t)LUOT_DATAGRAM_MAX);
    return (struct slice){datagram, (size_t)n};
}

bool wire_is_empty(const struct wire *w)
{
    char byte;
    return recv(w->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

struct beacon wire_beacon(const struct wire *w, char scratch[BEACON_SCRATCH])
{
    static char line_copy[LUOT_BEACON_MAX];
    struct slice rest = wire_next(w), line;
    struct beacon beacon;
    cr_assert(beacon_next_line(&rest, &line));
    cr_assert(slice_is_empty(rest), "one line was expected");
    memcpy(line_copy, line.at, line.length);
    line.at = line_copy;
    cr_assert_eq(beacon_parse(&beacon, line, scratch), 0, "%.*s", (int)line.length,
                 line.at);
    return beacon;
}

unsigned lines_of(struct slice datagram)
{
    static char scratch[BEACON_SCRATCH];
    struct slice line;
    struct beacon beacon;
    unsigned lines = 0;
    for (; beacon_next_line(&datagram, &line); lines++)
        cr_assert_eq(beacon_parse(&beacon, line, scratch), 0);
    cr_assert_leq(lines, (unsigned)LUOT_LINES_MAX);
    return lines;
}

void wire_take_lines(const struct wire *w, uint64_t lines)
{
    uint64_t got = 0;
    while (got < lines)
        got += lines_of(wire_next(w));
    cr_assert_eq(got, lines);
    cr_assert(wire_is_empty(w));
}

bool text_is(struct slice value, const char *text)
{
    return slice_equal(value, slice_of(text));
}

bool kernel_has_segments(void)
{
    int value = 0, fd = socket(AF_INET, SOCK_DGRAM, 0);
    socklen_t length = sizeof value;
    bool has = getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &value, &length) == 0;
    close(fd);
    if (!has)
        printf("skipped: this kernel has no UDP_SEGMENT\n");
    return has;
}

/* --- A system that fails when it is told to --- */

struct fake_system fake;

static bool fails(void)
{
    errno = fake.fail_error;
    return ++fake.calls == fake.fail_call;
}

static bool send_fails(void)
{
    if (fails())
        return true;
    if (fake.send_errors == NULL || *fake.send_errors == -1)
        return false;
    errno = *fake.send_errors++;
    return errno != 0;
}

static void *fake_allocate(size_t size)
{
    return fails() ? NULL : malloc(size);
}

static int fake_socket(int domain, int type, int protocol)
{
    return fails() ? -1 : (fake.socket_fd = socket(domain, type, protocol));
}

static int fake_connect(int fd, const struct sockaddr *to, socklen_t length)
{
    if (fails())
        return -1;
    errno = fake.connect_error;
    return fake.connect_error != 0 ? -1 : connect(fd, to, length);
}

static int fake_getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
    return fails() ? -1 : getsockopt(fd, level, name, value, length);
}

static ssize_t fake_sendmsg(int fd, const struct msghdr *message, int flags)
{
    cr_assert_eq(flags & (MSG_DONTWAIT | MSG_NOSIGNAL), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (send_fails())
        return -1;
    fake.sendmsgs++;
    return sendmsg(fd, message, flags);
}

static int fake_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    cr_assert_eq(flags & (MSG_DONTWAIT | MSG_NOSIGNAL), MSG_DONTWAIT | MSG_NOSIGNAL);
    errno = ENOSYS;
    if (fake.no_sendmmsg || send_fails())
        return -1;
    fake.sendmmsgs++;
    return sendmmsg(fd, messages, fake.at_most > 0 ? fake.at_most : count, flags);
}

static pid_t fake_process(void)
{
    return fake.process;
}

static uint64_t fake_now_ms(void)
{
    return fake.now_ms;
}

static uint64_t fake_unix_ms(void)
{
    return 1700000000000 + fake.now_ms;
}

static uint64_t fake_random(void)
{
    return UINT64_C(0x00c0ffee00000000) + (uint64_t)fake.process;
}

const struct luot_seam fake_seam = {
    fake_allocate, fake_socket,  fake_connect, fake_getsockopt, fake_sendmsg,
    fake_sendmmsg, fake_process, fake_now_ms,  fake_unix_ms,    fake_random,
};

/* --- Handles and hits --- */

struct luot_options options_to(const struct wire *w)
{
    struct luot_options options = LUOT_OPTIONS_INIT;
    options.address = w->address;
    options.site = "portal";
    return options;
}

struct luot *direct(const struct wire *w)
{
    struct luot_options options = options_to(w);
    options.batch_bytes = 0;
    struct luot *l = luot_open(&options);
    cr_assert_not_null(l);
    return l;
}

struct luot *faked(const struct luot_options *options)
{
    memset(&fake, 0, sizeof fake);
    fake.process = 1;
    struct luot *l = luot_open_with(options, &fake_seam);
    cr_assert_not_null(l);
    return l;
}

void hit_many(struct luot *l, unsigned hits)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
                                  "abcdefghijklmnopqrstuvwxyzabcdefghijkl";
    for (unsigned i = 0; i < hits; i++) {
        struct luot_hit hit = LUOT_HIT_INIT;
        hit.page = LETTERS + (i * 37) % 90;
        hit.address = "203.0.113.9";
        hit.user_agent = "Mozilla/5.0 (X11; Linux x86_64)";
        cr_assert_eq(luot_hit(l, &hit), 0);
    }
}

struct luot_stats stats_of(struct luot *l)
{
    struct luot_stats stats = LUOT_STATS_INIT;
    cr_assert_eq(luot_stats(l, &stats), 0);
    cr_assert_eq(stats.hits, stats.sent + stats.dropped + stats.waiting);
    return stats;
}

int error_of_hit(struct luot *l, const struct luot_hit *hit)
{
    errno = 0;
    int rv = luot_hit(l, hit);
    cr_assert_eq(rv, errno == 0 ? 0 : -1);
    return errno;
}

int error_of_open(const struct luot_options *options)
{
    errno = 0;
    struct luot *l = luot_open(options);
    cr_assert_eq(l == NULL, errno != 0);
    int error = errno;
    luot_close(l);
    return error;
}
