/* libluot's handle: options, sizes, processes, threads, and the example. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "client/wire.h"

/* client/example.c is run from here, so its main is a function like any other. */
int example_main(int argc, char **argv);
#define main example_main
#include "../../client/example.c"
#undef main

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

/* --- The example --- */

Test(luot, has_an_example_that_counts_a_page_view)
{
    char scratch[BEACON_SCRATCH], name[] = "example";
    struct wire w = wire_new();
    char *arguments[] = {name, w.address, NULL};
    cr_assert_eq(example_main(2, arguments), 0);
    struct beacon b = wire_beacon(&w, scratch);
    cr_expect_eq(b.kind, BEACON_VIEW);
    cr_expect(text_is(b.site, "portal") && text_is(b.page, "/tin-tuc?id=7") &&
              b.has_address);
    close(w.fd);
}
