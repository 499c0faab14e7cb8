/* libluot where the network or the system says no. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/wire.h"

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
        struct luot *l = luot_open_with(&options, &fake_seam);
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

/* --- Torture: call n fails, for n = 1, 2, 3 ... until none is left to fail --- */

static void live_a_life(const struct luot_options *options, const struct wire *w)
{
    uint64_t sent = 0;
    fake.process = 1;
    struct luot *l = luot_open_with(options, &fake_seam);
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
    memset(&fake, 0, sizeof fake);
    live_a_life(&options,
                &w); /* glibc counts a freed block that it keeps at hand as used */
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
