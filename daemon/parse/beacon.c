/* One pass finds where the line ends, where its pairs end and whether a control byte is
 * anywhere, 64 bytes a step; then the pairs are gone through, and their values. No byte is
 * looked at alone but those of keys and escapes: at 120 bytes of short values that would be
 * most of what a beacon costs. Most of a longer one are its agent, its page and its referrer,
 * of which there are far fewer than beacons: what is known by how it is written is not
 * decoded. */
#include "parse/beacon.h"

#include "base/bytes16.h"
#include "base/config.h"
#include "base/error.h"
#include "luot_beacon.h"
#include "parse/query.h"
#include "parse/spelling.h"

/* The keys of the grammar. NO_KEY is 0 so that KEY_OF_LETTER can be sparse. */
enum key {
    NO_KEY,
    SITE,
    KIND,
    WIDTH,
    ADDRESS,
    TITLE,
    EVENT,
    LANGUAGE,
    PAGE,
    REFERRER,
    AGENT,
    KEYS,
    FIRST_WORD = SITE,
    LAST_WORD = WIDTH,
    FIRST_TEXT = ADDRESS, /* of IPv6, whose colons are escaped mostly */
    LAST_TEXT = LANGUAGE
};

static const uint8_t KEY_OF_LETTER[256] = {
    ['s'] = SITE, ['p'] = PAGE,  ['r'] = REFERRER, ['t'] = TITLE,   ['e'] = EVENT,
    ['k'] = KIND, ['w'] = WIDTH, ['l'] = LANGUAGE, ['i'] = ADDRESS, ['u'] = AGENT};

#define OFF SLICE("off")

enum {
    STRETCH = 64, /* bytes that are looked at together: a bit each */
    STRETCHES = (LUOT_BEACON_MAX + STRETCH - 1) / STRETCH
};

/* --- Ends --- */

/* Where the '&' of sixteen bytes are. Of *odd the bytes get their top bit that are a control
 * byte in one of them, or no ASCII, which costs nothing more. */
static inline uint64_t find_ends_16(const char *at, bytes16 *odd)
{
    bytes16 b = bytes16_load(at);

    *odd |= bytes16_outside_print(b);
    return bytes16_bits(bytes16_is(b, '&'));
}

static inline uint64_t find_ends(const char at[STRETCH], bytes16 *odd)
{
    return find_ends_16(at, odd) | find_ends_16(at + 16, odd) << 16 |
           find_ends_16(at + 32, odd) << 32 | find_ends_16(at + 48, odd) << 48;
}

static uint64_t find_controls(const char at[STRETCH])
{
    uint64_t controls = 0;

    for (unsigned i = 0; i < STRETCH; i += 16) {
        bytes16 b = bytes16_load(at + i);

        controls |= (uint64_t)bytes16_bits(bytes16_below(b, 0x20) | bytes16_is(b, 0x7f))
                    << i;
    }
    return controls;
}

/* What the bytes say from the first of a stretch on. */
struct stretch {
    uint64_t ends;     /* a bit for each '&'           */
    uint64_t controls; /* ... and for each control byte */
};

static inline struct stretch look_at(const char at[STRETCH])
{
    bytes16 odd = bytes16_all(0);
    struct stretch s = {.ends = find_ends(at, &odd)};

    if (bytes16_bits(odd) != 0)
        s.controls = find_controls(at);
    return s;
}

/* The same of the last `left` bytes, which are fewer: with some before them, or, where there
 * are too few, in a copy. */
static inline struct stretch look_at_last(struct slice bytes, size_t left)
{
    char padded[STRETCH];
    struct stretch s;

    if (bytes.length >= STRETCH) {
        s = look_at(bytes.at + bytes.length - STRETCH);
        s.ends >>= STRETCH - left;
        s.controls >>= STRETCH - left;
        return s;
    }
    memset(padded, ' ', sizeof padded);
    memcpy(padded, bytes.at, bytes.length);
    return look_at(padded);
}

/* How long what begins with `bytes` is up to its first control byte, or all of it, and a bit
 * for each '&' of that; how many words these are, at most STRETCHES. */
static inline size_t find_all_ends(uint64_t ret_ends[STRETCHES], struct slice bytes,
                                   size_t *ret_length)
{
    size_t n = 0, at = 0;

    for (; at < bytes.length && n < STRETCHES; at += STRETCH) {
        size_t left = bytes.length - at;
        struct stretch s =
            left >= STRETCH ? look_at(bytes.at + at) : look_at_last(bytes, left);

        ret_ends[n++] = s.ends;
        if (s.controls == 0)
            continue;
        ret_ends[n - 1] &= ((uint64_t)1 << lowest_bit(s.controls)) - 1;
        *ret_length = at + lowest_bit(s.controls);
        return n;
    }
    *ret_length = at < bytes.length ? at : bytes.length;
    return n;
}

/* --- Pairs --- */

/* Where pairs end, in bytes behind the line's first. A word's first two are taken whether
 * there are so many or not: how many lie in which word follows no rule. */
enum { ENDS_AT_ONCE = 2, ENDS_MAX = LUOT_BEACON_MAX + ENDS_AT_ONCE };

static inline unsigned list_ends(uint16_t ret_at[ENDS_MAX], const uint64_t *ends,
                                 size_t words)
{
    unsigned n = 0;

    for (unsigned i = 0; i < words; i++) {
        uint64_t bits = ends[i];

        for (unsigned k = 0; k < ENDS_AT_ONCE; k++) {
            ret_at[n] = (uint16_t)(STRETCH * i + lowest_bit(bits | UINT64_C(1) << 63));
            n += bits != 0;
            bits &= bits - 1;
        }
        for (; bits != 0; bits &= bits - 1)
            ret_at[n++] = (uint16_t)(STRETCH * i + lowest_bit(bits));
    }
    return n;
}

/* From `at` to `stop`. What is no "k=value" is nobody's. */
static inline void take_pair(struct slice value[KEYS], const char *at, const char *stop)
{
    struct slice *is;

    if (stop - at < 2 || at[1] != '=')
        return;
    is = &value[KEY_OF_LETTER[(unsigned char)at[0]]];
    if (is->at == NULL)
        *is = (struct slice){at + 2, (size_t)(stop - at) - 2};
}

/* The first value of each key, as it is written, {NULL, 0} where there is none. */
static inline void find_pairs(struct slice value[KEYS], struct slice line,
                              const uint64_t *ends, size_t words)
{
    const char *at = line.at, *stop = line.at + line.length;
    uint16_t end_at[ENDS_MAX];
    unsigned n = list_ends(end_at, ends, words);

    /* One by one: a loop would become a call. */
    value[SITE] = value[KIND] = value[WIDTH] = value[ADDRESS] = value[TITLE] =
        value[EVENT] = value[LANGUAGE] = value[PAGE] = value[REFERRER] = value[AGENT] =
            (struct slice){NULL, 0};
    value[NO_KEY] = (struct slice){at, 0};
    for (unsigned i = 0; i < n; i++) {
        const char *end = line.at + end_at[i];

        take_pair(value, at, end);
        at = end + 1;
    }
    take_pair(value, at, stop);
}

/* --- Texts --- */

/* What texts are read with. */
struct reading {
    struct slice line;
    struct spellings *known; /* NULL: nothing is */
    char *scratch;           /* what is left of it */
};

static inline int decode(struct reading *r, struct slice *text)
{
    const char *end = r->line.at + r->line.length;

    if (!query_has_escape(*text, r->line.at, end))
        return 0;
    if (query_decode_escapes(text, *text, end, r->scratch) != 0)
        return ERR_MALFORMED;
    r->scratch += text->length;
    return 0;
}

/* One that is not known is decoded, and known from then on. */
static int learn_text(struct reading *r, struct slice *text, uint64_t tag,
                      struct spelling *row, struct spelt *ret_of)
{
    if (decode(r, text) != 0)
        return ERR_MALFORMED;
    spelling_learn(r->known, row, tag, *text);
    *ret_of = (struct spelt){.hash = row->hash, .is_hashed = true};
    return 0;
}

static int read_text(struct reading *r, enum spelling_kind kind, struct slice *text,
                     struct spelt *ret_of)
{
    uint64_t tag;
    struct spelling *row;

    if (r->known == NULL || !spelling_is_short(*text))
        return decode(r, text);
    tag = spelling_tag(r->known, *text);
    row = spelling_row(r->known, kind, tag);
    if (row->tag != tag)
        return learn_text(r, text, tag, row, ret_of);
    *ret_of = (struct spelt){.hash = row->hash, .is_hashed = true, .is_written = true};
    return 0;
}

static inline int read_texts(struct beacon *b, struct reading *r,
                             struct slice value[KEYS])
{
    for (enum key key = FIRST_TEXT; key <= LAST_TEXT; key++)
        if (value[key].length > 0 && decode(r, &value[key]) != 0)
            return ERR_MALFORMED;
    b->title = value[TITLE];
    b->event = value[EVENT];
    b->language = value[LANGUAGE];
    b->page = value[PAGE];
    b->referrer = value[REFERRER];
    b->user_agent = value[AGENT];
    b->of_page = b->of_referrer = b->of_agent = (struct spelt){0};
    if (b->event.length > LUOT_EVENT_MAX ||
        (b->page.length > 0 && read_text(r, SPELLING_PAGE, &b->page, &b->of_page) != 0) ||
        (b->referrer.length > 0 &&
         read_text(r, SPELLING_REFERRER, &b->referrer, &b->of_referrer) != 0) ||
        (b->user_agent.length > 0 &&
         read_text(r, SPELLING_AGENT, &b->user_agent, &b->of_agent) != 0))
        return ERR_MALFORMED;
    return 0;
}

/* --- Words --- */

static int read_kind(struct beacon *beacon, struct slice kind)
{
    bool off = slice_equal(kind, OFF), ping = off || slice_equal(kind, SLICE("ping"));

    if (!ping && !slice_is_empty(kind) && !slice_equal(kind, SLICE("view")))
        return ERR_MALFORMED;
    beacon->off = off;
    beacon->kind = !slice_is_empty(beacon->event) ? BEACON_EVENT
                   : ping                         ? BEACON_PING
                                                  : BEACON_VIEW;
    return 0;
}

enum { WIDTH_DIGITS = 5 /* of the most that there is; more are zeros, or too many */ };

static int read_width(unsigned *ret_px, struct slice width)
{
    uint64_t px = 0;
    int rv = 0;

    if (width.length > WIDTH_DIGITS)
        rv = slice_number(width, &px);
    for (size_t i = 0; i < width.length && width.length <= WIDTH_DIGITS; i++) {
        unsigned digit = (unsigned)width.at[i] - '0';

        if (digit > 9)
            return ERR_MALFORMED;
        px = 10 * px + digit;
    }
    if (rv != 0 || px > UINT16_MAX)
        return ERR_MALFORMED;
    *ret_px = (unsigned)px;
    return 0;
}

/* What has few right values, none of which has a '%' or a '+' in it. */
static int read_words(struct beacon *beacon, const struct slice value[KEYS])
{
    beacon->site = value[SITE];
    beacon->has_address = !slice_is_empty(value[ADDRESS]);
    beacon->address = (struct address){0};
    return (!slice_is_empty(value[SITE]) && !site_key_is_valid(value[SITE])) ||
                   read_kind(beacon, value[KIND]) != 0 ||
                   read_width(&beacon->screen_width, value[WIDTH]) != 0 ||
                   (beacon->has_address &&
                    address_parse(&beacon->address, value[ADDRESS]) != 0)
               ? ERR_MALFORMED
               : 0;
}

static int decode_words(struct slice value[KEYS], char *scratch)
{
    for (enum key key = FIRST_WORD; key <= LAST_WORD; key++) {
        if (query_decode(&value[key], value[key], scratch) != 0)
            return ERR_MALFORMED;
        scratch += value[key].length;
    }
    return 0;
}

/* Of a line whose ends are found. */
static inline int read_line(struct beacon *ret_beacon, struct slice line,
                            const uint64_t *ends, size_t words, struct spellings *known,
                            char *scratch)
{
    struct slice value[KEYS];
    struct reading reading = {line, known, scratch};

    find_pairs(value, line, ends, words);
    if (read_texts(ret_beacon, &reading, value) != 0)
        return ERR_MALFORMED;
    /* They mostly need no decoding, and are what they are without it. */
    if (read_words(ret_beacon, value) != 0 &&
        (decode_words(value, reading.scratch) != 0 || read_words(ret_beacon, value) != 0))
        return ERR_MALFORMED;
    return 0;
}

int beacon_parse_known(struct beacon *ret_beacon, struct slice line,
                       struct spellings *known, char *scratch)
{
    uint64_t ends[STRETCHES];
    size_t words, length;

    if (line.length > LUOT_BEACON_MAX)
        return ERR_TOO_LONG;
    if (slice_is_empty(line))
        return ERR_MALFORMED;
    words = find_all_ends(ends, line, &length);
    if (length < line.length)
        return ERR_MALFORMED;
    return read_line(ret_beacon, line, ends, words, known, scratch);
}

int beacon_parse(struct beacon *ret_beacon, struct slice line, char *scratch)
{
    struct beacon beacon;
    int rv = beacon_parse_known(&beacon, line, NULL, scratch);

    if (rv == 0)
        *ret_beacon = beacon;
    return rv;
}

/* Where a line ends that has no control byte before `length`, and what follows it; 0: that is
 * no end, or there is none so far. */
static inline size_t skip_end(struct slice bytes, size_t length)
{
    size_t end = length;

    if (end < bytes.length && bytes.at[end] == '\r')
        end++;
    if (end == bytes.length)
        return end;
    return bytes.at[end] == '\n' ? end + 1 : 0;
}

int beacon_take(struct beacon *ret_beacon, struct slice *rest, struct spellings *known,
                char *scratch)
{
    uint64_t ends[STRETCHES];
    struct slice line;
    size_t words, next;

    words = find_all_ends(ends, *rest, &line.length);
    next = skip_end(*rest, line.length);
    if (next == 0 || line.length == 0) { /* the long way says what it is */
        (void)beacon_next_line(rest, &line);
        return beacon_parse_known(ret_beacon, line, known, scratch);
    }
    line.at = rest->at;
    *rest = (struct slice){rest->at + next, rest->length - next};
    return read_line(ret_beacon, line, ends, words, known, scratch);
}

bool beacon_next_line(struct slice *rest, struct slice *ret_line)
{
    if (slice_is_empty(*rest))
        return false;
    struct slice line = *rest;
    const char *end = memchr(line.at, '\n', line.length);
    *rest = (struct slice){NULL, 0};
    if (end != NULL) {
        *rest = (struct slice){end + 1, (size_t)(line.at + line.length - end) - 1};
        line.length = (size_t)(end - line.at);
    }
    if (line.length > 0 && line.at[line.length - 1] == '\r')
        line.length--;
    *ret_line = line;
    return true;
}
