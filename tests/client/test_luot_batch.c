/* Lines in datagrams, and datagrams in system calls. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "client/wire.h"

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
    char scratch[BEACON_SCRATCH], page[200];
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
