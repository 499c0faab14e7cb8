/* One pass finds where the pairs end and whether a control byte is anywhere, 64 bytes a step;
 * each value is decoded as its end is met. No byte is looked at alone but those of keys and
 * escapes: at 120 bytes of short values that would be most of what a beacon costs. */
#include "parse/beacon.h"

#include "base/bytes16.h"
#include "base/config.h"
#include "base/error.h"
#include "luot_beacon.h"
#include "parse/query.h"

/* The keys of the grammar. NO_KEY is 0 so that KEY_OF_LETTER can be sparse. */
enum key {
    NO_KEY,
    SITE,
    PAGE,
    REFERRER,
    TITLE,
    EVENT,
    KIND,
    WIDTH,
    LANGUAGE,
    ADDRESS,
    AGENT,
    KEYS,
    ALL_KEYS = (1 << KEYS) - (1 << (NO_KEY + 1)) /* a bit each, but for NO_KEY */
};

static const uint8_t KEY_OF_LETTER[256] = {
    ['s'] = SITE, ['p'] = PAGE,  ['r'] = REFERRER, ['t'] = TITLE,   ['e'] = EVENT,
    ['k'] = KIND, ['w'] = WIDTH, ['l'] = LANGUAGE, ['i'] = ADDRESS, ['u'] = AGENT};

#define OFF SLICE("off")

enum { STRETCH = 64 /* bytes that are looked at together: a bit each */ };

/* What a line holds so far of control bytes. */
struct control {
    bytes16 least;   /* byte by byte        */
    bytes16 deletes; /* where a 0x7F was    */
};

static inline bool has_control(const struct control *c)
{
    return bytes16_bits(bytes16_below(c->least, 0x20) | c->deletes) != 0;
}

/* Where the '&' of sixteen bytes are. */
static inline uint64_t find_ends_16(const char *at, struct control *control)
{
    bytes16 b = bytes16_load(at);

    control->least = bytes16_least(control->least, b);
    control->deletes |= bytes16_is(b, 0x7f);
    return bytes16_bits(bytes16_is(b, '&'));
}

static inline uint64_t find_ends(const char at[STRETCH], struct control *control)
{
    return find_ends_16(at, control) | find_ends_16(at + 16, control) << 16 |
           find_ends_16(at + 32, control) << 32 | find_ends_16(at + 48, control) << 48;
}

/* The same of the last `left` bytes of a line, which are fewer, and the line's own end:
 * with some before them, or, where there are too few, in a copy. */
static inline uint64_t find_last_ends(struct slice line, size_t left,
                                      struct control *control)
{
    uint64_t line_end = (uint64_t)1 << left;
    char padded[STRETCH];

    if (line.length >= STRETCH)
        return line_end | find_ends(line.at + line.length - STRETCH, control) >> 1 >>
                              (STRETCH - 1 - left);
    memset(padded, ' ', sizeof padded);
    memcpy(padded, line.at, line.length);
    return line_end | find_ends(padded, control);
}

/* Of "k=value" from `at` to `stop`; anything else has NO_KEY. */
static inline enum key key_of(const char *at, const char *stop)
{
    return stop - at >= 2 && at[1] == '=' ? KEY_OF_LETTER[(unsigned char)at[0]] : NO_KEY;
}

/* The first value of each key, decoded; {NULL, 0} where there is none. In the line's
 * order, so that there is always at least as much scratch left as line. */
static int read_values(struct slice value[KEYS], struct slice line, char *scratch)
{
    const char *at = line.at, *end = line.at + line.length, *begin = at, *stop;
    struct control control = {.least = bytes16_all(' ')};
    unsigned missing = ALL_KEYS;
    uint64_t ends;
    size_t left;

    do {
        left = (size_t)(end - at);
        ends = left < STRETCH ? find_last_ends(line, left, &control)
                              : find_ends(at, &control);
        for (; ends != 0; ends &= ends - 1, begin = stop + 1) {
            stop = at + lowest_bit(ends);
            enum key key = key_of(begin, stop);
            if ((missing >> key & 1) == 0)
                continue;
            missing &= ~(1u << key);
            struct slice text = {begin + 2, (size_t)(stop - begin) - 2};
            value[key] = text;
            if (!query_has_escape(text, end))
                continue;
            if (query_decode_escapes(&value[key], text, end, scratch) != 0)
                return ERR_MALFORMED;
            scratch += value[key].length;
        }
        at += STRETCH;
    } while (left >= STRETCH);
    for (; missing != 0; missing &= missing - 1)
        value[lowest_bit(missing)] = (struct slice){NULL, 0};
    return has_control(&control) ? ERR_MALFORMED : 0;
}

static int read_kind(enum beacon_kind *ret_kind, struct slice kind, struct slice event)
{
    bool ping = slice_equal(kind, SLICE("ping")) || slice_equal(kind, OFF);
    if (!ping && !slice_is_empty(kind) && !slice_equal(kind, SLICE("view")))
        return ERR_MALFORMED;
    *ret_kind = !slice_is_empty(event) ? BEACON_EVENT : ping ? BEACON_PING : BEACON_VIEW;
    return 0;
}

static int read_width(unsigned *ret_px, struct slice width)
{
    uint64_t px = 0;
    if (!slice_is_empty(width) && (slice_number(width, &px) != 0 || px > UINT16_MAX))
        return ERR_MALFORMED;
    *ret_px = (unsigned)px;
    return 0;
}

int beacon_parse(struct beacon *ret_beacon, struct slice line, char *scratch)
{
    struct slice value[KEYS];
    struct address address = {0};
    enum beacon_kind kind;
    unsigned width;

    if (line.length > LUOT_BEACON_MAX)
        return ERR_TOO_LONG;
    if (slice_is_empty(line) || read_values(value, line, scratch) != 0)
        return ERR_MALFORMED;
    bool has_site = !slice_is_empty(value[SITE]);
    bool has_address = !slice_is_empty(value[ADDRESS]);
    if ((has_site && !site_key_is_valid(value[SITE])) ||
        value[EVENT].length > LUOT_EVENT_MAX ||
        read_kind(&kind, value[KIND], value[EVENT]) != 0 ||
        read_width(&width, value[WIDTH]) != 0 ||
        (has_address && address_parse(&address, value[ADDRESS]) != 0))
        return ERR_MALFORMED;
    *ret_beacon = (struct beacon){.kind = kind,
                                  .site = value[SITE],
                                  .page = value[PAGE],
                                  .referrer = value[REFERRER],
                                  .title = value[TITLE],
                                  .event = value[EVENT],
                                  .language = value[LANGUAGE],
                                  .user_agent = value[AGENT],
                                  .address = address,
                                  .has_address = has_address,
                                  .off = slice_equal(value[KIND], OFF),
                                  .screen_width = width};
    return 0;
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
