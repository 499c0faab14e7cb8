/* Signed datagrams, read as luotd reads them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/secret.h"
#include "client/wire.h"
#include "parse/signed.h"

#define SECRET "the secret of the cms, and nobody else's"

static struct luot_options signing(const struct wire *w)
{
    struct luot_options o = options_to(w);

    o.key_id = "cms-1";
    o.secret = SECRET;
    return o;
}

/* The header of the next datagram, whose signature is right. */
static struct signed_header next_signed(const struct wire *w)
{
    struct slice datagram = wire_next(w);
    uint8_t mac[SECRET_MAC_BYTES];
    struct signed_header h;
    struct secret *s;

    cr_assert_eq(hash_start(), 0);
    cr_assert_eq(signed_parse(&h, datagram), 0, "%.*s", (int)datagram.length,
                 datagram.at);
    cr_assert_eq(secret_new(&s, SLICE(SECRET)), 0);
    secret_mac(s, h.covered, mac);
    cr_expect(secret_mac_equal(mac, h.mac));
    secret_free(s);
    return h;
}

Test(luot_sign, says_who_which_and_when)
{
    struct wire w = wire_new();
    struct luot_options o = signing(&w);
    struct luot *l = faked(&o);

    for (uint64_t i = 1; i <= 3; i++) {
        struct signed_header h;

        hit_many(l, 5);
        fake.now_ms = 100 * i;
        cr_expect_eq(luot_flush(l), 0);
        h = next_signed(&w);
        cr_expect(slice_equal(h.key_id, SLICE("cms-1")));
        cr_expect_eq(h.sender, UINT64_C(0xc0ffee00000001));
        cr_expect_eq(h.seq, i);
        cr_expect_eq(h.unix_ms, (int64_t)(1700000000000 + 100 * i));
        cr_expect_eq(lines_of(h.body), 5u);
    }
    luot_close(l);
    close(w.fd);
}

/* Of every size, padded or not, alone or as segments: each is within its bytes, each has the
 * next number, and no line is lost. */
Test(luot_sign, signs_every_datagram_of_a_batch)
{
    static const size_t bytes[] = {0, 1, 200, 700, 1400, LUOT_DATAGRAM_MAX};

    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++)
        for (unsigned plain = 0; plain < 2; plain++) {
            struct wire w = wire_new();
            struct luot_options o = signing(&w);
            uint64_t lines = 0, seq = 0;
            struct luot *l;

            o.batch_bytes = bytes[i];
            o.plain = plain;
            l = faked(&o);
            for (int round = 0; round < 4; round++) {
                hit_many(l, 50);
                cr_expect_eq(luot_flush(l), 0);
                while (lines < 50u * (unsigned)(round + 1)) {
                    struct signed_header h = next_signed(&w);
                    unsigned n = lines_of(h.body);

                    cr_expect_eq(h.seq, ++seq);
                    cr_expect(n == 1 ||
                              (size_t)(h.body.at - h.covered[0].at) + h.body.length <=
                                  bytes[i]);
                    lines += n;
                }
            }
            cr_expect_eq(stats_of(l).sent, 200u);
            cr_expect(wire_is_empty(&w));
            luot_close(l);
            close(w.fd);
        }
}

/* The longest line there is has room behind the longest header. */
Test(luot_sign, has_room_for_the_longest_line)
{
    struct wire w = wire_new();
    struct luot_options o = signing(&w);
    struct luot_hit hit = LUOT_HIT_INIT;
    char page[LUOT_BEACON_MAX - 10];
    struct luot *l;

    o.key_id = "cms-1";
    memset(page, 'x', sizeof page - 1);
    page[0] = '/';
    page[sizeof page - 1] = '\0';
    hit.page = page;
    hit.site = "p";
    l = faked(&o);
    for (int i = 0; i < 40; i++)
        cr_expect_eq(luot_hit(l, &hit), 0, "%d", errno);
    cr_expect_eq(luot_flush(l), 0);
    for (int i = 0; i < 40; i++)
        cr_expect_eq(lines_of(next_signed(&w).body), 1u);
    luot_close(l);
    close(w.fd);
}

Test(luot_sign, is_another_sender_after_a_fork)
{
    struct wire w = wire_new();
    struct luot_options o = signing(&w);
    struct luot *l = faked(&o);
    uint64_t first;

    hit_many(l, 1);
    cr_expect_eq(luot_flush(l), 0);
    first = next_signed(&w).sender;
    fake.process = 2;
    hit_many(l, 1);
    cr_expect_eq(luot_flush(l), 0);
    {
        struct signed_header h = next_signed(&w);

        cr_expect_neq(h.sender, first);
        cr_expect_eq(h.seq, 1u);
    }
    luot_close(l);
    close(w.fd);
}

Test(luot_sign, wants_an_id_and_a_secret_that_luotd_takes)
{
    static const struct {
        const char *id, *secret;
        int error;
    } rows[] = {
        {"cms", SECRET, 0},
        {"cms", NULL, EINVAL},
        {NULL, SECRET, EINVAL},
        {"", "", 0},
        {NULL, NULL, 0},
        {"cms", "fifteen bytes..", EINVAL},
        {"cms", "sixteen bytes...", 0},
        {"c m s", SECRET, EINVAL},
        {"0123456789012345678901234567890", SECRET, 0},
        {"01234567890123456789012345678901", SECRET, EINVAL},
    };
    struct wire w = wire_new();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct luot_options o = options_to(&w);

        o.key_id = rows[i].id;
        o.secret = rows[i].secret;
        cr_expect_eq(error_of_open(&o), rows[i].error, "%zu", i);
    }
    close(w.fd);
}

/* A program that was compiled before there were signatures. */
Test(luot_sign, is_off_for_a_caller_who_does_not_know_it)
{
    struct wire w = wire_new();
    struct luot_options o = signing(&w);
    struct luot *l;

    o.size = offsetof(struct luot_options, key_id);
    l = faked(&o);
    hit_many(l, 3);
    cr_expect_eq(luot_flush(l), 0);
    cr_expect_eq(lines_of(wire_next(&w)), 3u);
    luot_close(l);
    close(w.fd);
}
