/* Each step looks at the whole line with something that handles many bytes at once (words
 * of eight, memchr), because at 120 bytes of short values a loop over single bytes is
 * what a beacon would spend most of its time on. */
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
    KEYS
};

static const uint8_t KEY_OF_LETTER[256] = {
    ['s'] = SITE, ['p'] = PAGE,  ['r'] = REFERRER, ['t'] = TITLE,   ['e'] = EVENT,
    ['k'] = KIND, ['w'] = WIDTH, ['l'] = LANGUAGE, ['i'] = ADDRESS, ['u'] = AGENT};

#define OFF SLICE("off")

enum { STRETCH = 64 /* bytes that are looked at together: a bit each */ };

/* Where the '&' are, and into *control what is a control byte. */
static inline uint64_t find_ends(const char at[STRETCH], bytes16 *control)
{
    uint64_t ends = 0;

    for (unsigned i = 0; i < STRETCH; i += 16) {
        bytes16 b = bytes16_load(at + i);
        *control |= bytes16_below(b, 0x20) | bytes16_is(b, 0x7f);
        ends |= (uint64_t)bytes16_bits(bytes16_is(b, '&')) << i;
    }
    return ends;
}

struct reading {
    struct slice value[KEYS]; /* the first of each key, decoded; at: NULL where none is */
    const char *end;          /* of the line */
    char *scratch;            /* what is left of it */
};

/* "k=value" from `at` to `stop`; something else is ignored. Values are decoded in the line's
 * order, so there is at least as much scratch left as line. */
static inline int read_pair(struct reading *r, const char *at, const char *stop)
{
    enum key key =
        stop - at >= 2 && at[1] == '=' ? KEY_OF_LETTER[(unsigned char)at[0]] : NO_KEY;
    struct slice value = {at + 2, (size_t)(stop - at) - 2};

    if (key == NO_KEY || r->value[key].at != NULL)
        return 0;
    if (query_decode_within(&r->value[key], value, r->end, r->scratch) != 0)
        return ERR_MALFORMED;
    if (r->value[key].at == r->scratch)
        r->scratch += r->value[key].length;
    return 0;
}

static int read_pairs(struct reading *r, const char *line)
{
    const char *begin = line, *at = line;
    char padded[STRETCH];
    bytes16 control = {0};

    for (; at < r->end; at += STRETCH) {
        size_t left = (size_t)(r->end - at);
        const char *stretch = at;
        uint64_t ends;

        if (left < STRETCH) {
            memset(padded, ' ', sizeof padded);
            stretch = memcpy(padded, at, left);
        }
        for (ends = find_ends(stretch, &control); ends != 0; ends &= ends - 1) {
            const char *stop = at + lowest_bit(ends);
            if (read_pair(r, begin, stop) != 0)
                return ERR_MALFORMED;
            begin = stop + 1;
        }
    }
    return bytes16_bits(control) != 0 ? ERR_MALFORMED : read_pair(r, begin, r->end);
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
    struct reading r = {.end = line.at + line.length, .scratch = scratch};
    const struct slice *value = r.value;
    struct address address = {0};
    enum beacon_kind kind;
    unsigned width;

    if (line.length > LUOT_BEACON_MAX)
        return ERR_TOO_LONG;
    if (slice_is_empty(line) || read_pairs(&r, line.at) != 0)
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
    struct slice line = slice_cut(rest, '\n');
    if (line.length > 0 && line.at[line.length - 1] == '\r')
        line.length--;
    *ret_line = line;
    return true;
}
