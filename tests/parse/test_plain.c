/* The fast parsers and their plain meaning (lib/plain_parse.h) say the same of random and
 * hostile input. Each input and each scratch is exactly as large as was promised, so that
 * the address sanitizer sees a step outside. SEED and ROUNDS. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/hash.h"
#include "lib/plain_parse.h"
#include "lib/repeat.h"
#include "parse/page.h"
#include "parse/query.h"
#include "parse/spelling.h"

enum { LONGEST = LUOT_BEACON_MAX + 1 };

/* What parsers decide by, and what is almost that. */
static const char *const PIECES[] = {"&s=",
                                     "&p=",
                                     "&r=",
                                     "&t=",
                                     "&e=",
                                     "&k=",
                                     "&w=",
                                     "&l=",
                                     "&i=",
                                     "&u=",
                                     "&x=",
                                     "&s",
                                     "s=",
                                     "i=",
                                     "&",
                                     "=",
                                     "?",
                                     "#",
                                     "/",
                                     "\\",
                                     "://",
                                     ":",
                                     "@",
                                     "[",
                                     "]",
                                     ".",
                                     "..",
                                     "%",
                                     "%4",
                                     "%zz",
                                     "%00",
                                     "%41",
                                     "%2F",
                                     "%2f",
                                     "%C4%91%E1%BB%A9c",
                                     "%g1",
                                     "%1g",
                                     "%%",
                                     "+",
                                     "++",
                                     " ",
                                     "\t",
                                     "\n",
                                     "\r",
                                     "\x7f",
                                     "\x80",
                                     "\xff",
                                     "\xc4\x91",
                                     "demo",
                                     "ping",
                                     "off",
                                     "view",
                                     "view%",
                                     "1920",
                                     "65535",
                                     "65536",
                                     "0",
                                     "10.1.2.3",
                                     "1.2.3.4.",
                                     "256.1.1.1",
                                     "01.2.3.4",
                                     "1.2.3",
                                     "1..2.3",
                                     "::1",
                                     "[::1]",
                                     "[1.2.3.4]",
                                     "2001:db8::ffff:1.2.3.4",
                                     "203.0.113.255",
                                     "255.255.255.255",
                                     "Mozilla/5.0+(Windows+NT+10.0%3B+Win64)",
                                     "https%3A%2F%2Fwww.a.vn%2F",
                                     "https://a.vn/tin-tuc/1",
                                     "abcdefghijklmnopqrstuvwxyz_-",
                                     "a",
                                     "Z",
                                     "vi"};

static size_t any_of(uint64_t *state, size_t n)
{
    return (size_t)random_below(state, n);
}

static size_t add(char *text, size_t length, const char *more)
{
    size_t n = strlen(more);

    n = n < LONGEST - length ? n : LONGEST - length;
    memcpy(text + length, more, n);
    return length + n;
}

/* Mostly short; one in a hundred near the longest; one in eight has raw bytes. */
static size_t make(uint64_t *state, char text[LONGEST])
{
    size_t pieces = 1 + any_of(state, any_of(state, 8) == 0 ? 60 : 12), length = 0;
    bool raw = any_of(state, 8) == 0;

    if (any_of(state, 100) == 0)
        for (length = LONGEST - any_of(state, 70); pieces > 0; pieces--)
            memset(text, "a+&%"[any_of(state, 4)], length);
    if (any_of(state, 2) == 0)
        length =
            add(text, length, "s=demo&p=%2Ftin-tuc%2Fbai-viet&i=10.1.22.133&u=Moz+(");
    for (; pieces > 0; pieces--)
        length = add(text, length, PIECES[any_of(state, sizeof PIECES / sizeof *PIECES)]);
    for (size_t i = 0; raw && i < 1 + length / 64; i++)
        text[any_of(state, length)] = (char)random_next(state);
    return length;
}

/* Like a real one, and one byte of it is another. */
static size_t make_nearly_good(uint64_t *state, char text[LONGEST])
{
    int n =
        snprintf(text, LONGEST,
                 "s=demo&p=%%2Ftin-tuc%%2Fbai-%u&r=https%%3A%%2F%%2Fwww.google.com%%2F"
                 "&i=%u.%u.%u.%u&u=Mozilla%%2F5.0+(X11%%3B+Linux)&w=%u&l=vi&t=%%C4%%91",
                 (unsigned)any_of(state, 100000), (unsigned)any_of(state, 300),
                 (unsigned)any_of(state, 256), (unsigned)any_of(state, 30),
                 (unsigned)any_of(state, 256), (unsigned)any_of(state, 70000));

    if (any_of(state, 2) == 0)
        text[any_of(state, (size_t)n)] = "&=%+0aF.\x80\n"[any_of(state, 10)];
    return (size_t)n - any_of(state, 4);
}

/* As many bytes as it may use, and unaligned. */
static char *scratch_of(struct slice line)
{
    return malloc(1 + line.length + BEACON_SCRATCH - LUOT_BEACON_MAX);
}

static void expect_same_beacon(struct slice line)
{
    char *scratch = scratch_of(line), *memory = malloc(PLAIN_KEYS * LONGEST);
    struct beacon fast = {.screen_width = 77}, plain = {.screen_width = 77};
    int rv = beacon_parse(&fast, line, scratch + 1);

    cr_assert_eq(rv, plain_beacon(&plain, line, memory), "%.*s", (int)line.length,
                 line.at);
    cr_assert(plain_same_beacon(&fast, &plain), "%.*s", (int)line.length, line.at);
    free(scratch);
    free(memory);
}

/* One that is written decodes to what was said; what is hashed has its hash. */
static void expect_good(struct slice *text, const struct spelt *of,
                        const struct spellings *known, char *memory)
{
    if (of->is_written)
        cr_assert_eq(plain_decode(text, *text, memory), 0);
    cr_assert(!of->is_hashed || of->hash == hash_text(known->secret, *text, 0));
}

/* First they may be new, then they are known, if they can be. */
static void expect_same_of_known(struct slice line, struct spellings *known)
{
    for (int times = 0; times < 2; times++) {
        char *scratch = scratch_of(line), *memory = malloc((PLAIN_KEYS + 3) * LONGEST);
        char *more = memory + PLAIN_KEYS * LONGEST;
        struct beacon fast = {0}, plain = {0};
        int rv = beacon_parse_known(&fast, line, known, scratch + 1);
        size_t length = fast.user_agent.length;

        cr_assert_eq(rv, plain_beacon(&plain, line, memory), "%.*s", (int)line.length,
                     line.at);
        if (rv == 0) {
            cr_assert(times == 0 || length == 0 || length > HASH_TEXT_BYTES ||
                      fast.of_agent.is_written);
            expect_good(&fast.user_agent, &fast.of_agent, known, more);
            expect_good(&fast.page, &fast.of_page, known, more + LONGEST);
            expect_good(&fast.referrer, &fast.of_referrer, known, more + 2 * LONGEST);
            cr_assert(plain_same_beacon(&fast, &plain), "%.*s", (int)line.length,
                      line.at);
        }
        free(scratch);
        free(memory);
    }
}

/* Exactly as large as it is. A text that is nowhere is not asked where it is. */
static struct slice copy_of(struct slice bytes)
{
    char *copy = malloc(bytes.length + (bytes.length == 0));

    if (bytes.length > 0)
        memcpy(copy, bytes.at, bytes.length);
    return (struct slice){copy, bytes.length};
}

/* Line by line, as a datagram is: what beacon_take says, and what it leaves, is what
 * beacon_next_line and the plain meaning say. */
static unsigned expect_same_lines(struct slice bytes, struct spellings *known)
{
    struct slice all = copy_of(bytes), rest = all, left = all, line;
    char *scratch = malloc(BEACON_SCRATCH), *memory = malloc(PLAIN_KEYS * LONGEST),
         *more = malloc(3 * LONGEST);
    unsigned good = 0;

    while (rest.length > 0) {
        struct beacon fast = {0}, plain = {0};
        int rv = beacon_take(&fast, &rest, known, scratch);

        cr_assert(beacon_next_line(&left, &line));
        cr_assert_eq(rest.length, left.length);
        cr_assert(rest.length == 0 || rest.at == left.at);
        cr_assert_eq(rv, plain_beacon(&plain, line, memory), "%.*s", (int)line.length,
                     line.at);
        if (rv != 0)
            continue;
        expect_good(&fast.user_agent, &fast.of_agent, known, more);
        expect_good(&fast.page, &fast.of_page, known, more + LONGEST);
        expect_good(&fast.referrer, &fast.of_referrer, known, more + 2 * LONGEST);
        cr_assert(plain_same_beacon(&fast, &plain), "%.*s", (int)line.length, line.at);
        good++;
    }
    cr_assert_not(beacon_next_line(&left, &line));
    free((void *)(uintptr_t)all.at);
    free(scratch);
    free(memory);
    free(more);
    return good;
}

static void expect_same_decoding(struct slice text)
{
    char *memory = malloc(text.length + 1), *other = malloc(text.length + 1);
    struct slice fast = SLICE("none"), plain = SLICE("none");
    int rv = query_decode(&fast, text, memory + 1);

    cr_assert_eq(rv, plain_decode(&plain, text, other));
    cr_assert(slice_equal(fast, plain), "%.*s", (int)text.length, text.at);
    cr_assert(rv != 0 || plain.length != text.length ||
                  memchr(text.at, '+', text.length) != NULL || fast.at == text.at,
              "without an escape it is not copied");
    free(memory);
    free(other);
}

static void expect_same_parts(struct slice text)
{
    struct address fast = {.bytes = {7}}, plain = {.bytes = {7}};
    struct url url, plain_parts;

    cr_assert_eq(address_parse(&fast, text), plain_address(&plain, text));
    cr_assert(address_equal(&fast, &plain), "%.*s", (int)text.length, text.at);
    url_parse(&url, text);
    plain_url(&plain_parts, text);
    cr_assert(plain_same_url(&url, &plain_parts), "%.*s", (int)text.length, text.at);
    url.host = url_authority_host(text);
    plain_parts.host = (struct slice){0};
    plain_authority(text, &plain_parts.host, &plain_parts.port);
    cr_assert(slice_equal(url.host, plain_parts.host), "%.*s", (int)text.length, text.at);
}

Test(plain, is_what_the_fast_forms_say_too)
{
    uint64_t seed = number_from("SEED", 1), state = seed;
    unsigned long rounds = number_from("ROUNDS", 40000);
    static char text[LONGEST];
    static struct hash_text_key secret;
    struct spellings *known = spellings_new(&secret);

    cr_assert_eq(hash_start(), 0);
    hash_text_key_random(&secret);
    printf("seed %llu\n", (unsigned long long)seed);
    for (unsigned long i = 0; i < rounds; i++) {
        size_t length = i % 4 == 0 ? make_nearly_good(&state, text) : make(&state, text);
        char *exact = malloc(length);
        struct slice line = {exact, length};

        memcpy(exact, text, length);
        expect_same_beacon(line);
        expect_same_of_known(line, known);
        expect_same_decoding(line);
        expect_same_parts(line);
        free(exact);
    }
    spellings_free(known);
}

enum { BODY_BYTES = 2 * LUOT_DATAGRAM_MAX };

static size_t make_body(uint64_t *state, char body[BODY_BYTES])
{
    static const char *const ENDS[] = {"\n",   "\n",     "\n", "\r\n", "\r\n",
                                       "\n\n", "\r\r\n", "\r", "",     "\xc4\x91\n"};
    static char text[LONGEST];
    size_t length = 0, lines = 1 + any_of(state, 12);

    while (lines-- > 0) {
        size_t n =
            any_of(state, 3) > 0 ? make_nearly_good(state, text) : make(state, text);
        const char *end = ENDS[any_of(state, sizeof ENDS / sizeof *ENDS)];

        if (length + n + strlen(end) > BODY_BYTES)
            break;
        memcpy(body + length, text, n);
        memcpy(body + length + n, end, strlen(end));
        length += n + strlen(end);
    }
    return length;
}

Test(plain, is_what_the_lines_of_a_datagram_say_too)
{
    uint64_t state = number_from("SEED", 1);
    unsigned long rounds = number_from("ROUNDS", 20000), good = 0;
    static char body[BODY_BYTES];
    static struct hash_text_key secret;
    struct spellings *known = spellings_new(&secret);

    cr_assert_eq(hash_start(), 0);
    hash_text_key_random(&secret);
    for (unsigned long i = 0; i < rounds; i++) {
        size_t length = make_body(&state, body);

        good += expect_same_lines((struct slice){body, length}, known);
        good += expect_same_lines((struct slice){body, length}, NULL);
    }
    cr_expect_gt(good, rounds);
    spellings_free(known);
}

/* Lines that end before, at and behind every edge of what is looked at together, and around
 * the longest that there may be; with a byte that is no ASCII, too. */
Test(plain, does_not_mind_where_a_line_of_a_datagram_ends)
{
    static const char *const ENDS[] = {"\n", "\r\n", "\r", "", "\x7f\n", "\r\rs=b\n"};
    static char body[BODY_BYTES];

    for (size_t length = 1; length < LUOT_BEACON_MAX + 5; length++) {
        if (length == 300)
            length = LUOT_BEACON_MAX - 70;
        for (size_t end = 0; end < 2 * sizeof ENDS / sizeof *ENDS; end++)
            for (size_t behind = 0; behind < 2; behind++) {
                size_t at = length;

                memset(body, 'x', length);
                memcpy(body, "s=a&p=/&t=", length < 10 ? length : 10);
                if (end % 2 == 1)
                    body[length / 2] = '\xc3';
                at += (size_t)sprintf(body + at, "%s", ENDS[end / 2]);
                if (behind > 0)
                    at += (size_t)sprintf(body + at, "s=b&i=::1&p=/a");
                (void)expect_same_lines((struct slice){body, at}, NULL);
            }
    }
}

static void expect_same_address(const char *text)
{
    struct address fast = {.bytes = {7}}, plain = {.bytes = {7}};

    cr_assert_eq(address_parse(&fast, slice_of(text)),
                 plain_address(&plain, slice_of(text)), "%s", text);
    cr_assert(address_equal(&fast, &plain), "%s", text);
}

/* All texts of up to seven of these bytes behind "1.2", the first ones alone included. */
Test(plain, is_the_systems_idea_of_an_address)
{
    static const char BYTES[] = "0125.";
    char text[16];

    for (unsigned n = 0; n < 5 * 5 * 5 * 5 * 5 * 5 * 5; n++) {
        unsigned rest = n;
        strcpy(text, n % 2 == 0 ? "1.2" : "");
        for (size_t i = strlen(text); rest > 0; rest /= 5, i++) {
            text[i] = BYTES[rest % 5];
            text[i + 1] = '\0';
        }
        expect_same_address(text);
    }
}

/* A path that is its own name is not copied; all others are worked on. */
Test(plain, knows_which_paths_are_names)
{
    static const char BYTES[] = "/./aZ-~!09_%\\ \x7f\x80";
    uint64_t state = number_from("SEED", 1);
    unsigned names = 0;

    for (unsigned i = 0; i < 60000; i++) {
        size_t length = 1 + any_of(&state, i % 8 == 0 ? 300 : 50);
        char *exact = malloc(length), memory[PAGE_MEMORY];
        struct page_parts page = {.path = {exact, length}};
        memset(exact, 'x', length);
        for (size_t odd = any_of(&state, 6); odd > 0; odd--)
            exact[any_of(&state, length)] = BYTES[any_of(&state, sizeof BYTES - 1)];
        exact[0] = i % 64 == 0 ? 'x' : '/';
        bool is_name = page_name(&page, "", memory).at == exact;
        cr_assert_eq(is_name, plain_is_name(page.path), "%.*s", (int)length, exact);
        names += is_name;
        free(exact);
    }
    cr_expect(names > 10000 && names < 50000, "%u names", names);
}
