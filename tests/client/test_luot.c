/* libluot against a plain UDP socket, read back with the daemon's own parser, and against
 * a system whose calls fail. */
#include "luot.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "luot_beacon.h"
#include "luot_seam.h"
#include "parse/beacon.h"

/* client/example.c is run from here, so its main is a function like any other. */
int example_main(int argc, char **argv);
#define main example_main
#include "../../client/example.c"
#undef main

/* --- The other end --- */

struct wire {
    int fd;
    char address[64];
};

static bool wire_bind(struct wire *w, bool v6, uint16_t port)
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

static struct wire wire_new(void)
{
    struct wire w;
    cr_assert(wire_bind(&w, false, 0));
    return w;
}

/* Loopback delivers while the sender sends; the timeout is for a machine that is very
 * busy. */
static struct slice wire_next(const struct wire *w)
{
    static char datagram[65536];
    struct pollfd ready = {.fd = w->fd, .events = POLLIN};
    cr_assert_eq(poll(&ready, 1, 10000), 1, "no datagram came");
    ssize_t n = recv(w->fd, datagram, sizeof datagram, MSG_DONTWAIT);
    cr_assert_gt(n, 0);
    cr_assert_leq((size_t)n, (size_t)LUOT_DATAGRAM_MAX);
    return (struct slice){datagram, (size_t)n};
}

static bool wire_is_empty(const struct wire *w)
{
    char byte;
    return recv(w->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

/* The only line of the next datagram. `scratch` is the caller's. */
static struct beacon wire_beacon(const struct wire *w, char scratch[LUOT_BEACON_MAX])
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

/* Parses every line of a datagram and returns how many there are. */
static unsigned lines_of(struct slice datagram)
{
    static char scratch[LUOT_BEACON_MAX];
    struct slice line;
    struct beacon beacon;
    unsigned lines = 0;
    for (; beacon_next_line(&datagram, &line); lines++)
        cr_assert_eq(beacon_parse(&beacon, line, scratch), 0);
    cr_assert_leq(lines, (unsigned)LUOT_LINES_MAX);
    return lines;
}

/* Reads until that many lines came. */
static void wire_take_lines(const struct wire *w, uint64_t lines)
{
    uint64_t got = 0;
    while (got < lines)
        got += lines_of(wire_next(w));
    cr_assert_eq(got, lines);
    cr_assert(wire_is_empty(w));
}

static bool text_is(struct slice value, const char *text)
{
    return slice_equal(value, slice_of(text));
}

/* --- A system that fails when it is told to --- */

static struct {
    unsigned calls, fail_call;      /* the fail_call-th call of all fails ... */
    int fail_error;                 /* ... with this                          */
    const int *send_errors;         /* what sends say first: 0 is "do it"     */
    unsigned sendmsgs, sendmmsgs;   /* that got through to the kernel         */
    unsigned at_most;               /* messages a sendmmsg takes; 0: all      */
    int connect_error, no_sendmmsg; /* until they are 0 again                 */
    int socket_fd;                  /* the newest                             */
    pid_t process;
    uint64_t now_ms;
} fake;

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

static const struct luot_seam FAKE = {
    fake_allocate, fake_socket,   fake_connect, fake_getsockopt,
    fake_sendmsg,  fake_sendmmsg, fake_process, fake_now_ms,
};

/* --- Handles and hits --- */

static struct luot_options options_to(const struct wire *w)
{
    struct luot_options options = LUOT_OPTIONS_INIT;
    options.address = w->address;
    options.site = "portal";
    return options;
}

/* Sends each hit at once. */
static struct luot *direct(const struct wire *w)
{
    struct luot_options options = options_to(w);
    options.batch_bytes = 0;
    struct luot *l = luot_open(&options);
    cr_assert_not_null(l);
    return l;
}

static struct luot *faked(const struct luot_options *options)
{
    memset(&fake, 0, sizeof fake);
    fake.process = 1;
    struct luot *l = luot_open_with(options, &FAKE);
    cr_assert_not_null(l);
    return l;
}

/* Pages of 1 to 90 letters: the datagrams are never equally full by chance. */
static void hit_many(struct luot *l, unsigned hits)
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

static struct luot_stats stats_of(struct luot *l)
{
    struct luot_stats stats = LUOT_STATS_INIT;
    cr_assert_eq(luot_stats(l, &stats), 0);
    cr_assert_eq(stats.hits, stats.sent + stats.dropped + stats.waiting);
    return stats;
}

static int error_of_hit(struct luot *l, const struct luot_hit *hit)
{
    errno = 0;
    int rv = luot_hit(l, hit);
    cr_assert_eq(rv, errno == 0 ? 0 : -1);
    return errno;
}

static int error_of_open(const struct luot_options *options)
{
    errno = 0;
    struct luot *l = luot_open(options);
    cr_assert_eq(l == NULL, errno != 0);
    int error = errno;
    luot_close(l);
    return error;
}

/* --- The line --- */

Test(luot, carries_every_field_to_the_parser)
{
    char scratch[LUOT_BEACON_MAX];
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    struct luot_hit hit = LUOT_HIT_INIT;
    hit.site = "so-y-te";
    hit.page = "/tin tức?id=7&x=1+1#a";
    hit.referrer = "https://example.vn/?q=50%";
    hit.title = "Lượt truy cập\t\"=;'\n";
    hit.address = "2001:db8::9";
    hit.user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:115.0)";
    hit.language = "vi,en;q=0.8";
    hit.screen_width = 65535;
    cr_assert_eq(luot_hit(l, &hit), 0);

    struct beacon b = wire_beacon(&w, scratch);
    cr_expect_eq(b.kind, BEACON_VIEW);
    cr_expect(text_is(b.site, hit.site));
    cr_expect(text_is(b.page, hit.page));
    cr_expect(text_is(b.referrer, hit.referrer));
    cr_expect(text_is(b.title, hit.title));
    cr_expect(text_is(b.user_agent, hit.user_agent));
    cr_expect(text_is(b.language, hit.language));
    cr_expect_eq(b.screen_width, 65535);
    struct address address;
    cr_expect_eq(address_parse(&address, SLICE("2001:db8::9")), 0);
    cr_expect(b.has_address && address_equal(&b.address, &address));
    luot_close(l);
    close(w.fd);
}

Test(luot, carries_every_byte_but_nul)
{
    char scratch[LUOT_BEACON_MAX], all[256];
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    struct luot_hit hit = LUOT_HIT_INIT;
    for (int i = 0; i < 255; i++)
        all[i] = (char)(i + 1);
    all[255] = '\0';
    hit.title = all;
    cr_assert_eq(luot_hit(l, &hit), 0);
    cr_expect(text_is(wire_beacon(&w, scratch).title, all));
    luot_close(l);
    close(w.fd);
}

Test(luot, takes_the_site_of_the_options_for_hits_that_name_none)
{
    char scratch[LUOT_BEACON_MAX];
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    struct luot_hit hit = LUOT_HIT_INIT;
    cr_assert_eq(luot_hit(l, &hit), 0);
    struct beacon b = wire_beacon(&w, scratch);
    cr_expect(text_is(b.site, "portal"));
    cr_expect(slice_is_empty(b.page) && !b.has_address && b.screen_width == 0);
    luot_close(l);
    close(w.fd);
}

Test(luot, sends_events_and_pings)
{
    char scratch[LUOT_BEACON_MAX];
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    struct luot_hit event = LUOT_HIT_INIT, ping = LUOT_HIT_INIT;
    event.event = "download";
    ping.ping = 1;
    ping.event = "";
    cr_assert_eq(luot_hit(l, &event), 0);
    cr_assert_eq(luot_hit(l, &ping), 0);
    struct beacon b = wire_beacon(&w, scratch);
    cr_expect(b.kind == BEACON_EVENT && text_is(b.event, "download"));
    cr_expect_eq(wire_beacon(&w, scratch).kind, BEACON_PING);
    luot_close(l);
    close(w.fd);
}

Test(luot, sends_the_512_bytes_of_an_agent_that_identity_looks_at)
{
    char scratch[LUOT_BEACON_MAX], agent[6001];
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    struct luot_hit hit = LUOT_HIT_INIT;
    memset(agent, 'x', sizeof agent - 1);
    agent[sizeof agent - 1] = '\0';
    hit.user_agent = agent;
    cr_assert_eq(luot_hit(l, &hit), 0);
    cr_expect_eq(wire_beacon(&w, scratch).user_agent.length, (size_t)LUOT_USER_AGENT_MAX);
    luot_close(l);
    close(w.fd);
}

Test(luot, refuses_a_line_over_the_limit_and_takes_one_at_it)
{
    char scratch[LUOT_BEACON_MAX], page[LUOT_BEACON_MAX];
    const size_t longest = LUOT_BEACON_MAX - strlen("s=portal&p=");
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    struct luot_hit hit = LUOT_HIT_INIT;
    hit.page = page;
    memset(page, 'a', sizeof page);
    page[longest + 1] = '\0';
    cr_expect_eq(error_of_hit(l, &hit), EMSGSIZE);
    page[longest] = '\0';
    cr_expect_eq(error_of_hit(l, &hit), 0);
    cr_expect_eq(wire_beacon(&w, scratch).page.length, longest);
    page[longest - 1] = '%'; /* one byte here, three in the line */
    cr_expect_eq(error_of_hit(l, &hit), EMSGSIZE);
    cr_expect_eq(stats_of(l).hits, 1);

    struct luot_hit event = LUOT_HIT_INIT;
    event.event = page;
    page[LUOT_EVENT_MAX + 1] = '\0';
    cr_expect_eq(error_of_hit(l, &event), EMSGSIZE);
    page[LUOT_EVENT_MAX] = '\0';
    cr_expect_eq(error_of_hit(l, &event), 0);
    cr_expect_eq(wire_beacon(&w, scratch).kind, BEACON_EVENT);
    luot_close(l);
    close(w.fd);
}

Test(luot, refuses_a_hit_that_the_daemon_would_refuse)
{
    static const char *const SITES[] = {"Portal", "-a", "_a", "a b", "a/b", "é"};
    static const char *const ADDRESSES[] = {"1.2.3", "example.vn", "fe80::1%eth0",
                                            "1.2.3.4 "};
    char key[LUOT_SITE_KEY_MAX + 2];
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    for (size_t i = 0; i < sizeof SITES / sizeof SITES[0]; i++) {
        struct luot_hit hit = LUOT_HIT_INIT;
        hit.site = SITES[i];
        cr_expect_eq(error_of_hit(l, &hit), EINVAL, "%s", SITES[i]);
    }
    for (size_t i = 0; i < sizeof ADDRESSES / sizeof ADDRESSES[0]; i++) {
        struct luot_hit hit = LUOT_HIT_INIT;
        hit.address = ADDRESSES[i];
        cr_expect_eq(error_of_hit(l, &hit), EINVAL, "%s", ADDRESSES[i]);
    }
    struct luot_hit both = LUOT_HIT_INIT, wide = LUOT_HIT_INIT, keyed = LUOT_HIT_INIT;
    both.ping = 1;
    both.event = "download";
    cr_expect_eq(error_of_hit(l, &both), EINVAL);
    wide.screen_width = 65536;
    cr_expect_eq(error_of_hit(l, &wide), EINVAL);
    memset(key, 'k', sizeof key);
    key[LUOT_SITE_KEY_MAX + 1] = '\0';
    keyed.site = key;
    cr_expect_eq(error_of_hit(l, &keyed), EINVAL);
    cr_expect_eq(stats_of(l).hits, 0);
    cr_expect(wire_is_empty(&w));
    key[LUOT_SITE_KEY_MAX] = '\0';
    cr_expect_eq(error_of_hit(l, &keyed), 0);
    luot_close(l);
    close(w.fd);
}

Test(luot, refuses_a_hit_without_any_site)
{
    struct luot *l = luot_open(NULL);
    struct luot_hit hit = LUOT_HIT_INIT;
    cr_assert_not_null(l);
    hit.page = "/";
    cr_expect_eq(error_of_hit(l, &hit), EINVAL);
    luot_close(l);
}

/* --- Options and sizes --- */

Test(luot, opens_with_numbers_and_a_port_only)
{
    static const char *const GOOD[] = {"127.0.0.1:1", "10.0.0.1:65535",
                                       "127.0.0.1:08080"};
    static const char *const BAD[] = {"",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      ":8080",
                                      "127.0.0.1:0",
                                      "1.2.3:80",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:+80",
                                      "localhost:80",
                                      "127.0.0.1:80 ",
                                      "[::1]",
                                      "[::1]:",
                                      "[::1]8080",
                                      "[::1:8080",
                                      "[::zz]:8080",
                                      "[]:80",
                                      "[127.0.0.1]:8080",
                                      "127.0.0.1:99999",
                                      "::1:8080",
                                      "[",
                                      "[::1]:808x",
                                      "127.0.0.1:123456789012345678901234567890",
                                      "127.0.0.1:\x80"};
    struct luot_options options = LUOT_OPTIONS_INIT;
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        options.address = GOOD[i];
        int error = error_of_open(&options);
        cr_expect(error == 0, "%s: %d", GOOD[i], error);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        options.address = BAD[i];
        cr_expect_eq(error_of_open(&options), EINVAL, "%s", BAD[i]);
    }
}

Test(luot, refuses_options_over_their_limits)
{
    struct luot_options good = LUOT_OPTIONS_INIT, o;
    good.batch_bytes = LUOT_DATAGRAM_MAX;
    good.batch_lines = LUOT_LINES_MAX;
    good.batch_datagrams = LUOT_BATCH_DATAGRAMS_MAX;
    good.plain = 1;
    cr_expect_eq(error_of_open(&good), 0);
    for (unsigned i = 0; i < 4; i++) {
        o = good;
        o.batch_bytes += i == 0;
        o.batch_lines += i == 1;
        o.batch_datagrams += i == 2;
        o.plain += i == 3;
        cr_expect_eq(error_of_open(&o), EINVAL, "limit %u", i);
    }
    o = good;
    o.site = "Not A Key";
    cr_expect_eq(error_of_open(&o), EINVAL);
}

Test(luot, takes_structs_of_other_releases_while_it_understands_them)
{
    struct {
        struct luot_options known;
        size_t newer; /* no padding at the end: it would look like a field */
    } options = {LUOT_OPTIONS_INIT, 0};
    struct {
        struct luot_hit known;
        size_t newer; /* no padding at the end: it would look like a field */
    } hit = {LUOT_HIT_INIT, 0};
    struct {
        struct luot_stats known;
        uint64_t newer;
    } stats = {LUOT_STATS_INIT, 7};
    options.known.size = sizeof options;
    options.known.site = "portal";
    hit.known.size = sizeof hit;
    stats.known.size = sizeof stats;
    struct luot *l = luot_open(&options.known);
    cr_assert_not_null(l);
    cr_expect_eq(error_of_hit(l, &hit.known), 0);
    cr_expect_eq(luot_stats(l, &stats.known), 0);
    cr_expect(stats.known.hits == 1 && stats.newer == 0);
    cr_expect_eq(stats.known.size, sizeof stats);

    options.newer = hit.newer = 1;
    cr_expect_eq(error_of_open(&options.known), EINVAL);
    cr_expect_eq(error_of_hit(l, &hit.known), EINVAL);
    options.known.size = hit.known.size = stats.known.size = sizeof(size_t);
    cr_expect_eq(error_of_open(&options.known), EINVAL);
    cr_expect_eq(error_of_hit(l, &hit.known), EINVAL);
    cr_expect_eq(luot_stats(l, &stats.known), -1);
    options.known.size = hit.known.size = stats.known.size = SIZE_MAX;
    cr_expect_eq(error_of_open(&options.known), EINVAL);
    cr_expect_eq(error_of_hit(l, &hit.known), EINVAL);
    cr_expect_eq(luot_stats(l, &stats.known), -1);
    luot_close(l);
}

Test(luot, answers_einval_where_there_is_no_handle)
{
    struct luot_hit hit = LUOT_HIT_INIT;
    struct luot_stats stats = LUOT_STATS_INIT;
    cr_expect_eq(error_of_hit(NULL, &hit), EINVAL);
    errno = 0;
    cr_expect(luot_flush(NULL) == -1 && errno == EINVAL);
    errno = 0;
    cr_expect(luot_stats(NULL, &stats) == -1 && errno == EINVAL);
    luot_close(NULL);
    struct luot *l = luot_open(NULL);
    cr_expect_eq(error_of_hit(l, NULL), EINVAL);
    cr_expect_eq(luot_stats(l, NULL), -1);
    luot_close(l);
}

Test(luot, leaves_errno_alone_when_it_succeeds)
{
    static const int REFUSED[] = {ECONNREFUSED, EPERM, EAGAIN, -1};
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    options.batch_bytes = 0;
    errno = EDOM;
    struct luot *l = faked(&options);
    cr_expect_eq(errno, EDOM);
    fake.send_errors = REFUSED;
    for (int i = 0; i < 4; i++) {
        hit_many(l, 1);
        cr_expect_eq(errno, EDOM);
    }
    luot_flush(l);
    luot_close(l);
    cr_expect_eq(errno, EDOM);
    close(w.fd);
}

Test(luot, reaches_an_ipv6_address)
{
    struct wire w;
    if (!wire_bind(&w, true, 0)) {
        printf("skipped: no IPv6 loopback here\n");
        return;
    }
    struct luot_options options = options_to(&w);
    struct luot *l = luot_open(&options);
    cr_assert_not_null(l);
    hit_many(l, 100);
    luot_close(l);
    wire_take_lines(&w, 100);
    close(w.fd);
}

/* --- Batches --- */

Test(luot, sends_each_hit_at_once_without_a_batch)
{
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    for (unsigned i = 1; i <= 3; i++) {
        hit_many(l, 1);
        cr_expect_eq(lines_of(wire_next(&w)), 1);
        cr_expect(wire_is_empty(&w));
        cr_expect_eq(stats_of(l).datagrams, i);
    }
    luot_close(l);
    close(w.fd);
}

Test(luot, gathers_lines_until_it_is_flushed)
{
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    struct luot *l = luot_open(&options);
    hit_many(l, 5);
    cr_expect(wire_is_empty(&w));
    cr_expect_eq(stats_of(l).waiting, 5);
    cr_expect_eq(luot_flush(l), 0);
    cr_expect_eq(lines_of(wire_next(&w)), 5);
    cr_expect_eq(luot_flush(l), 0);
    cr_expect(wire_is_empty(&w));
    cr_expect(stats_of(l).sent == 5 && stats_of(l).datagrams == 1);
    luot_close(l);
    close(w.fd);
}

Test(luot, sends_what_waits_when_it_is_closed)
{
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    struct luot *l = luot_open(&options);
    hit_many(l, 3);
    luot_close(l);
    wire_take_lines(&w, 3);
    close(w.fd);
}

Test(luot, keeps_to_the_bytes_and_lines_of_a_datagram)
{
    static const size_t BYTES[] = {1, 100, 700, 1400, LUOT_DATAGRAM_MAX};
    struct wire w = wire_new();
    for (size_t i = 0; i < sizeof BYTES / sizeof BYTES[0]; i++) {
        struct luot_options options = options_to(&w);
        options.batch_bytes = BYTES[i];
        options.batch_lines = i % 2 == 0 ? 0 : 7;
        struct luot *l = luot_open(&options);
        hit_many(l, 1000);
        cr_expect_eq(luot_flush(l), 0);
        cr_expect_eq(stats_of(l).sent, 1000);
        for (unsigned got = 0; got < 1000;) {
            struct slice datagram = wire_next(&w);
            unsigned lines = lines_of(datagram);
            cr_expect(datagram.length <= BYTES[i] || lines == 1);
            cr_expect_leq(lines, options.batch_lines == 0 ? 64u : 7u);
            got += lines;
        }
        cr_expect(wire_is_empty(&w));
        luot_close(l);
    }
    close(w.fd);
}

Test(luot, sends_a_long_line_alone)
{
    char page[LUOT_BEACON_MAX - 11 + 1];
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    struct luot *l = luot_open(&options);
    struct luot_hit hit = LUOT_HIT_INIT;
    memset(page, 'a', sizeof page - 1);
    page[sizeof page - 1] = '\0';
    hit.page = page;
    for (unsigned i = 0; i < 40; i++) {
        cr_assert_eq(luot_hit(l, &hit), 0);
        hit_many(l, 1);
    }
    luot_close(l);
    for (unsigned i = 0; i < 80; i++)
        cr_expect_eq(lines_of(wire_next(&w)), 1);
    cr_expect(wire_is_empty(&w));
    close(w.fd);
}

Test(luot, sends_everything_when_a_line_has_waited_too_long)
{
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    options.batch_ms = 250;
    struct luot *l = faked(&options);
    hit_many(l, 1);
    fake.now_ms = 249;
    hit_many(l, 1);
    cr_expect(wire_is_empty(&w));
    fake.now_ms = 250;
    hit_many(l, 1);
    cr_expect_eq(lines_of(wire_next(&w)), 3);
    fake.now_ms = 499; /* the next batch counts from its own first line */
    hit_many(l, 1);
    fake.now_ms = 748;
    hit_many(l, 1);
    cr_expect(wire_is_empty(&w));
    luot_close(l);
    close(w.fd);
}

static bool kernel_has_segments(void)
{
    int value = 0, fd = socket(AF_INET, SOCK_DGRAM, 0);
    socklen_t length = sizeof value;
    bool has = getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &value, &length) == 0;
    close(fd);
    if (!has)
        printf("skipped: this kernel has no UDP_SEGMENT\n");
    return has;
}

Test(luot, sends_a_whole_batch_as_segments_of_one_message)
{
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    if (!kernel_has_segments())
        return;
    struct luot *l = faked(&options);
    hit_many(l, 100);
    cr_expect_eq(luot_flush(l), 0);
    cr_expect_eq(fake.sendmsgs, 1);
    cr_expect_eq(fake.sendmmsgs, 0);
    struct luot_stats stats = stats_of(l);
    cr_expect_gt(stats.datagrams, 5);
    cr_expect_eq(stats.segmented, stats.datagrams);
    for (uint64_t i = 1; i < stats.datagrams; i++) {
        struct slice datagram = wire_next(&w);
        cr_expect_eq(datagram.length, (size_t)LUOT_BATCH_BYTES);
        lines_of(datagram);
    }
    lines_of(wire_next(&w));
    cr_expect(wire_is_empty(&w));
    luot_close(l);
    close(w.fd);
}

/* Pages of every length, so that every gap that can be padded is padded, of 1 byte
 * too. */
Test(luot, pads_without_changing_a_line)
{
    char scratch[LUOT_BEACON_MAX], page[200];
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    options.batch_bytes = 400;
    for (size_t length = 1; length < sizeof page; length++) {
        struct luot *l = luot_open(&options);
        struct luot_hit hit = LUOT_HIT_INIT;
        memset(page, 'a', length);
        page[length] = '\0';
        hit.page = page;
        for (unsigned i = 0; i < 40; i++)
            cr_assert_eq(luot_hit(l, &hit), 0);
        luot_close(l);
        for (unsigned got = 0; got < 40;) {
            struct slice rest = wire_next(&w), line;
            for (; beacon_next_line(&rest, &line); got++) {
                struct beacon b;
                cr_assert_eq(beacon_parse(&b, line, scratch), 0);
                cr_assert(text_is(b.page, page) && text_is(b.site, "portal"));
            }
        }
        cr_assert(wire_is_empty(&w));
    }
    close(w.fd);
}

Test(luot, neither_segments_nor_pads_when_it_is_told_so)
{
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    options.plain = 1;
    struct luot *l = faked(&options);
    hit_many(l, 100);
    cr_expect_eq(luot_flush(l), 0);
    cr_expect_eq(fake.sendmmsgs, 1);
    struct luot_stats stats = stats_of(l);
    cr_expect(stats.segmented == 0 && stats.datagrams > 5);
    for (uint64_t i = 0; i < stats.datagrams; i++) {
        struct slice datagram = wire_next(&w);
        cr_expect_null(memmem(datagram.at, datagram.length, "&_", 2), "padded");
    }
    luot_close(l);
    close(w.fd);
}

/* --- Trouble --- */

Test(luot, does_without_segments_where_the_kernel_refuses_them)
{
    static const int ERRORS[] = {EIO, EINVAL, ENOPROTOOPT, EOPNOTSUPP, EMSGSIZE};
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    if (!kernel_has_segments())
        return;
    for (size_t i = 0; i < sizeof ERRORS / sizeof ERRORS[0]; i++) {
        const int once[] = {ERRORS[i], -1};
        struct luot *l = faked(&options);
        fake.send_errors = once;
        hit_many(l, 100);
        cr_expect_eq(luot_flush(l), 0);
        cr_expect_eq(fake.sendmmsgs, 1);
        hit_many(l, 100); /* and does not try again */
        cr_expect_eq(luot_flush(l), 0);
        cr_expect(fake.sendmmsgs == 2 && fake.sendmsgs == 0);
        struct luot_stats stats = stats_of(l);
        cr_expect(stats.sent == 200 && stats.segmented == 0 && stats.errors == 0);
        wire_take_lines(&w, 200);
        luot_close(l);
    }
    close(w.fd);
}

Test(luot, does_without_sendmmsg)
{
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    options.plain = 1;
    struct luot *l = faked(&options);
    fake.no_sendmmsg = 1;
    hit_many(l, 100);
    cr_expect_eq(luot_flush(l), 0);
    cr_expect_eq(fake.sendmsgs, stats_of(l).datagrams);
    wire_take_lines(&w, 100);
    luot_close(l);
    close(w.fd);
}

Test(luot, goes_on_where_the_kernel_took_only_some)
{
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    options.plain = 1;
    struct luot *l = faked(&options);
    fake.at_most = 2;
    hit_many(l, 100);
    luot_close(l);
    cr_expect_gt(fake.sendmmsgs, 2);
    wire_take_lines(&w, 100);
    close(w.fd);
}

Test(luot, drops_and_counts_what_a_full_buffer_refuses)
{
    static const int FULL[] = {0, EAGAIN, -1};
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    options.plain = 1;
    struct luot *l = faked(&options);
    fake.at_most = 2;
    fake.send_errors = FULL;
    hit_many(l, 100);
    cr_expect_eq(luot_flush(l), 0);
    struct luot_stats stats = stats_of(l);
    cr_expect(stats.datagrams == 2 && stats.dropped > 0 && stats.errors == 0);
    wire_take_lines(&w, stats.sent);
    hit_many(l, 10);
    luot_close(l);
    wire_take_lines(&w, 10);
    close(w.fd);
}

Test(luot, tries_again_after_a_refusal_that_was_about_an_earlier_datagram)
{
    static const int REFUSED[] = {ECONNREFUSED, EINTR, -1};
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    struct luot *l = faked(&options);
    fake.send_errors = REFUSED;
    hit_many(l, 5);
    cr_expect_eq(luot_flush(l), 0);
    cr_expect(stats_of(l).errors == 1 && stats_of(l).sent == 5);
    wire_take_lines(&w, 5);
    luot_close(l);
    close(w.fd);
}

Test(luot, gives_up_on_a_kernel_that_always_interrupts)
{
    int errors[64];
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    struct luot *l = faked(&options);
    for (unsigned i = 0; i < 64; i++)
        errors[i] = i < 63 ? EINTR : -1;
    fake.send_errors = errors;
    hit_many(l, 5);
    cr_expect_eq(luot_flush(l), 0);
    cr_expect(stats_of(l).dropped == 5 && fake.send_errors - errors < 8);
    luot_close(l);
    close(w.fd);
}

Test(luot, loses_only_the_message_that_was_refused)
{
    static const int ONE[] = {EPERM, -1};
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    options.plain = 1;
    struct luot *l = faked(&options);
    fake.send_errors = ONE;
    hit_many(l, 100);
    uint64_t waiting = stats_of(l).waiting;
    cr_expect_eq(luot_flush(l), 0);
    struct luot_stats stats = stats_of(l);
    cr_expect(stats.errors == 1 && stats.dropped > 0 && stats.dropped < 30);
    cr_expect_eq(stats.sent, waiting - stats.dropped);
    wire_take_lines(&w, stats.sent);
    luot_close(l);
    close(w.fd);
}

Test(luot, does_not_mind_that_nobody_listens)
{
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    uint16_t port = (uint16_t)strtoul(strrchr(w.address, ':') + 1, NULL, 10);
    close(w.fd);
    hit_many(l, 10);
    cr_expect_gt(stats_of(l).errors, 0);
    if (!wire_bind(&w, false, port)) {
        printf("skipped: another program took the port\n");
        luot_close(l);
        return;
    }
    hit_many(l, 1);
    cr_expect_eq(lines_of(wire_next(&w)), 1);
    luot_close(l);
    close(w.fd);
}

Test(luot, opens_before_the_network_is_there)
{
    static const int LATER[] = {ENETUNREACH, EHOSTUNREACH, ENETDOWN, EADDRNOTAVAIL};
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    options.batch_bytes = 0;
    for (size_t i = 0; i < sizeof LATER / sizeof LATER[0]; i++) {
        memset(&fake, 0, sizeof fake);
        fake.process = 1;
        fake.connect_error = LATER[i];
        struct luot *l = luot_open_with(&options, &FAKE);
        cr_assert_not_null(l);
        hit_many(l, 1);
        cr_expect(stats_of(l).dropped == 1 && stats_of(l).errors == 2);
        fake.connect_error = 0;
        hit_many(l, 1);
        cr_expect_eq(lines_of(wire_next(&w)), 1);
        luot_close(l);
    }
    close(w.fd);
}

Test(luot, begins_a_new_socket_when_the_host_closed_its_descriptors)
{
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    options.batch_bytes = 0;
    struct luot *l = faked(&options);
    int theirs = open("/dev/null", O_RDWR | O_CLOEXEC), number = fake.socket_fd;
    cr_assert_eq(dup2(theirs, number), number);
    hit_many(l, 1);
    cr_expect(stats_of(l).dropped == 1 && stats_of(l).errors == 1);
    hit_many(l, 1);
    cr_expect_eq(lines_of(wire_next(&w)), 1);
    luot_close(l);
    cr_expect_neq(fcntl(number, F_GETFD), -1, "a descriptor of the host was closed");
    close(number);
    close(theirs);
    close(w.fd);
}

/* --- Processes and threads --- */

Test(luot, begins_empty_in_a_child)
{
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    struct luot *l = faked(&options);
    int parents = fake.socket_fd;
    hit_many(l, 5);
    fake.process = 2;
    cr_expect_eq(stats_of(l).hits, 0);
    cr_expect_eq(fcntl(parents, F_GETFD), -1, "the child keeps its copy open");
    hit_many(l, 3);
    fake.process = 3; /* and a grandchild */
    hit_many(l, 2);
    cr_expect_eq(luot_flush(l), 0);
    wire_take_lines(&w, 2);
    luot_close(l);
    cr_expect(wire_is_empty(&w));
    close(w.fd);
}

Test(luot, only_frees_in_a_child_that_never_used_it)
{
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    struct luot *l = faked(&options);
    hit_many(l, 5);
    fake.process = 2;
    luot_close(l);
    cr_expect(wire_is_empty(&w));
    close(w.fd);
}

static void *hit_while_cancelled(void *handle)
{
    /* Due at the next cancellation point: sendmsg is one. */
    pthread_cancel(pthread_self());
    hit_many(handle, 1);
    return NULL;
}

Test(luot, is_not_left_locked_by_a_cancelled_thread)
{
    pthread_t thread;
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    cr_assert_eq(pthread_create(&thread, NULL, hit_while_cancelled, l), 0);
    pthread_join(thread, NULL);
    hit_many(l, 1);
    cr_expect_eq(stats_of(l).hits, 2);
    wire_take_lines(&w, 2);
    luot_close(l);
    close(w.fd);
}

/* --- Torture: call n fails, for n = 1, 2, 3 ... until none is left to fail --- */

static void live_a_life(const struct luot_options *options, const struct wire *w)
{
    uint64_t sent = 0;
    fake.process = 1;
    struct luot *l = luot_open_with(options, &FAKE);
    if (l == NULL)
        return;
    hit_many(l, 150);
    cr_assert_eq(luot_flush(l), 0);
    hit_many(l, 5);
    cr_assert_eq(luot_flush(l), 0);
    sent += stats_of(l).sent;
    fake.process = 2;
    struct luot_hit hit = LUOT_HIT_INIT;
    for (unsigned i = 0; i < 3; i++)
        cr_assert(luot_hit(l, &hit) == 0 || errno == ENOMEM);
    cr_assert(luot_flush(l) == 0);
    sent += stats_of(l).sent;
    luot_close(l);
    wire_take_lines(w, sent);
}

static unsigned lowest_free_fd(void)
{
    int fd = dup(0);
    close(fd);
    return (unsigned)fd;
}

Test(luot, survives_the_failure_of_any_call)
{
    static const int ERRORS[] = {ENOMEM, EAGAIN, EIO,    EINVAL, ECONNREFUSED, EPERM,
                                 EINTR,  EMFILE, ENOSYS, EBADF,  ENETUNREACH,  ENOTSOCK};
    struct wire w = wire_new();
    struct luot_options options = options_to(&w);
    unsigned fd = lowest_free_fd(), runs = 0;
    for (unsigned plain = 0; plain <= 1; plain++) {
        for (size_t e = 0; e < sizeof ERRORS / sizeof ERRORS[0]; e++) {
            options.plain = plain;
            unsigned n = 0;
            do {
                memset(&fake, 0, sizeof fake);
                fake.fail_call = ++n;
                fake.fail_error = ERRORS[e];
                size_t before = mallinfo2().uordblks;
                live_a_life(&options, &w);
                cr_assert_eq(mallinfo2().uordblks, before, "memory leaked: call %u", n);
                cr_assert_eq(lowest_free_fd(), fd, "a descriptor leaked: call %u", n);
                runs++;
            } while (fake.calls >= n);
        }
    }
    cr_expect_gt(runs, 100);
    close(w.fd);
}

/* --- The example --- */

Test(luot, has_an_example_that_counts_a_page_view)
{
    char scratch[LUOT_BEACON_MAX], name[] = "example";
    struct wire w = wire_new();
    char *arguments[] = {name, w.address, NULL};
    cr_assert_eq(example_main(2, arguments), 0);
    struct beacon b = wire_beacon(&w, scratch);
    cr_expect_eq(b.kind, BEACON_VIEW);
    cr_expect(text_is(b.site, "portal") && text_is(b.page, "/tin-tuc?id=7") &&
              b.has_address);
    close(w.fd);
}
