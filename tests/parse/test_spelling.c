#include "parse/spelling.h"

#include <criterion/criterion.h>

#include "base/error.h"
#include "base/hash.h"
#include "lib/expect_text.h"
#include "parse/beacon.h"

static struct hash_text_key secret;
static struct spellings *known;
static char scratch[BEACON_SCRATCH];

static void start(void)
{
    cr_assert_eq(hash_start(), 0);
    hash_text_key_random(&secret);
    known = spellings_new(&secret);
    cr_assert_not_null(known);
}

static struct beacon parsed(const char *line)
{
    struct beacon b;

    cr_assert_eq(beacon_parse_known(&b, slice_of(line), known, scratch), 0, "%s", line);
    return b;
}

static size_t rows(void)
{
    size_t n = 0;

    for (size_t kind = 0; kind < SPELLING_KINDS; kind++)
        for (size_t i = 0; i < SPELLINGS; i++)
            n += known->row[kind][i].tag != 0 || known->row[kind][i].hash != 0;
    return n;
}

Test(spelling, is_decoded_when_it_is_new_and_no_more_when_it_is_known)
{
    struct beacon b;

    start();
    b = parsed("s=a&u=Moz%2F5+x");
    expect_text(b.user_agent, "Moz/5 x");
    cr_expect(b.of_agent.is_hashed && !b.of_agent.is_written);
    b = parsed("u=Moz%2F5+x&s=b");
    expect_text(b.user_agent, "Moz%2F5+x");
    cr_expect(b.of_agent.is_hashed && b.of_agent.is_written);
    cr_expect_eq(b.of_agent.hash, hash_text(&secret, SLICE("Moz/5 x"), 0));
    for (int times = 0; times < 2; times++) {
        b = parsed("p=%2Fa&r=http%3A%2F%2Fa.vn&t=%2Ft&e=%2Fe&l=v%69");
        expect_text(b.page, times == 0 ? "/a" : "%2Fa");
        expect_text(b.referrer, times == 0 ? "http://a.vn" : "http%3A%2F%2Fa.vn");
        cr_expect(b.of_page.is_hashed && b.of_page.is_written == times);
        cr_expect(b.of_referrer.is_hashed && b.of_referrer.is_written == times);
        cr_expect_eq(b.of_page.hash, hash_text(&secret, SLICE("/a"), 0));
        cr_expect_eq(b.of_referrer.hash, hash_text(&secret, SLICE("http://a.vn"), 0));
        expect_text(b.title, "/t");
        expect_text(b.event, "/e");
        expect_text(b.language, "vi");
    }
    spellings_free(known);
}

Test(spelling, many_of_one_text_have_its_hash)
{
    static const char *const lines[] = {"u=Moz/5 x", "u=Moz%2F5+x", "u=Moz%2f5%20x",
                                        "u=%4Doz/5%20x"};

    start();
    for (int times = 0; times < 2; times++)
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
            cr_expect_eq(parsed(lines[i]).of_agent.hash,
                         hash_text(&secret, SLICE("Moz/5 x"), 0), "%s", lines[i]);
    cr_expect_eq(rows(), 4u);
    cr_expect_neq(parsed("u=Moz/5%2Bx").of_agent.hash, parsed("u=Moz/5+x").of_agent.hash);
    spellings_free(known);
}

Test(spelling, that_is_bad_is_refused_each_time_and_never_known)
{
    struct beacon b;

    start();
    for (int times = 0; times < 3; times++) {
        cr_expect_eq(beacon_parse_known(&b, SLICE("s=a&u=a%2"), known, scratch),
                     ERR_MALFORMED);
        cr_expect_eq(beacon_parse_known(&b, SLICE("u=a%00&s=a"), known, scratch),
                     ERR_MALFORMED);
        cr_expect_eq(beacon_parse_known(&b, SLICE("p=%zz&s=a"), known, scratch),
                     ERR_MALFORMED);
        cr_expect_eq(beacon_parse_known(&b, SLICE("s=a&r=%"), known, scratch),
                     ERR_MALFORMED);
    }
    cr_expect_eq(rows(), 0u);
    spellings_free(known);
}

/* Of a longer one a hash does not know all. */
Test(spelling, that_is_too_long_is_never_known)
{
    char line[HASH_TEXT_BYTES + 8];

    start();
    memset(line, '+', sizeof line);
    memcpy(line, "u=", 2);
    for (size_t more = 0; more < 2; more++) {
        struct slice text = {line, 2 + HASH_TEXT_BYTES + more};
        struct beacon b;

        for (int times = 0; times < 2; times++)
            cr_assert_eq(beacon_parse_known(&b, text, known, scratch), 0);
        cr_expect_eq(b.of_agent.is_hashed, more == 0);
        cr_expect_eq(b.of_agent.is_written, more == 0);
        cr_expect_eq(b.user_agent.at[0], more == 0 ? '+' : ' ');
    }
    cr_expect_eq(rows(), 1u);
    spellings_free(known);
}

Test(spelling, is_zero_when_it_is_forgotten)
{
    start();
    (void)parsed("u=Moz%2F5");
    cr_expect_eq(rows(), 1u);
    spellings_forget(known);
    cr_expect_eq(rows(), 0u);
    cr_expect_not(parsed("u=Moz%2F5").of_agent.is_written);
    spellings_free(known);
}

Test(spelling, has_two_places_and_the_third_takes_one)
{
    const uint64_t tag = 2 * 7 + 1, step = 2 * (uint64_t)SPELLINGS;
    struct spelling *first, *second;

    start();
    first = spelling_row(known, SPELLING_PAGE, tag);
    first->tag = tag;
    second = spelling_row(known, SPELLING_PAGE, tag + step);
    second->tag = tag + step;
    cr_expect_neq(first, second);
    cr_expect_eq(spelling_row(known, SPELLING_PAGE, tag), first);
    cr_expect_eq(spelling_row(known, SPELLING_PAGE, tag + step), second);
    cr_expect_eq(spelling_row(known, SPELLING_PAGE, tag + 2 * step)->tag, tag);
    spellings_free(known);
}
