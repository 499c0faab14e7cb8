/* One pass finds where the pairs end and whether a control byte is anywhere, 64 bytes a step;
 * then the pairs are gone through, and their values. No byte is looked at alone but those of
 * keys and escapes: at 120 bytes of short values that would be most of what a beacon costs.
 * Most of a longer one is its agent, of which there are far fewer than beacons: one that is
 * known by how it is written is not decoded. */
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
    PAGE,
    REFERRER,
    TITLE,
    EVENT,
    LANGUAGE,
    AGENT,
    KEYS,
    FIRST_WORD = SITE,
    LAST_WORD = ADDRESS,
    FIRST_TEXT = PAGE,
    LAST_TEXT = LANGUAGE,
    ALL_KEYS = (1 << KEYS) - (1 << (NO_KEY + 1)) /* a bit each, but for NO_KEY */
};

static const uint8_t KEY_OF_LETTER[256] = {
    ['s'] = SITE, ['p'] = PAGE,  ['r'] = REFERRER, ['t'] = TITLE,   ['e'] = EVENT,
    ['k'] = KIND, ['w'] = WIDTH, ['l'] = LANGUAGE, ['i'] = ADDRESS, ['u'] = AGENT};

#define OFF SLICE("off")

enum {
    STRETCH = 64, /* bytes that are looked at together: a bit each */
    STRETCHES = (LUOT_BEACON_MAX + STRETCH - 1) / STRETCH
};

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

/* The same of the last `left` bytes of a line, which are fewer: with some before them, or,
 * where there are too few, in a copy. */
static inline uint64_t find_last_ends(struct slice line, size_t left,
                                      struct control *control)
{
    char padded[STRETCH];

    if (line.length >= STRETCH)
        return find_ends(line.at + line.length - STRETCH, control) >> (STRETCH - left);
    memset(padded, ' ', sizeof padded);
    memcpy(padded, line.at, line.length);
    return find_ends(padded, control);
}

/* A bit for each '&' of the line; how many words of them there are, 0: there is a control
 * byte. */
static inline size_t find_all_ends(uint64_t ret_ends[STRETCHES], struct slice line)
{
    struct control control = {.least = bytes16_all(' ')};
    const char *at = line.at;
    size_t n = 0, left = line.length;

    for (; left >= STRETCH; left -= STRETCH, at += STRETCH)
        ret_ends[n++] = find_ends(at, &control);
    if (left > 0)
        ret_ends[n++] = find_last_ends(line, left, &control);
    return has_control(&control) ? 0 : n;
}

/* --- Pairs --- */

/* From `at` to `stop`; what is no "k=value" has NO_KEY. */
static inline enum key take_pair(struct slice value[KEYS], const char *at,
                                 const char *stop)
{
    enum key key;

    if (stop - at < 2 || at[1] != '=')
        return NO_KEY;
    key = KEY_OF_LETTER[(unsigned char)at[0]];
    value[key] = (struct slice){at + 2, (size_t)(stop - at) - 2};
    return key;
}

/* The first value of each key, as it is written, {NULL, 0} where there is none: the last pair
 * comes first, and those before it write over it. What has no key is nobody's. */
static inline void find_pairs(struct slice value[KEYS], struct slice line,
                              const uint64_t *ends, size_t words)
{
    const char *stop = line.at + line.length;
    unsigned found = 0, missing;

    while (words-- > 0) {
        const char *at = line.at + words * STRETCH;

        for (uint64_t bits = ends[words]; bits != 0;) {
            unsigned place = highest_bit(bits);

            bits &= ~((uint64_t)1 << place);
            found |= 1u << take_pair(value, at + place + 1, stop);
            stop = at + place;
        }
    }
    found |= 1u << take_pair(value, line.at, stop);
    for (missing = ALL_KEYS & ~found; missing != 0; missing &= missing - 1)
        value[lowest_bit(missing)] = (struct slice){NULL, 0};
}

/* --- Texts --- */

/* To *scratch, and moves it behind. */
static inline int decode(struct slice *text, struct slice line, char **scratch)
{
    const char *end = line.at + line.length;

    if (!query_has_escape(*text, line.at, end))
        return 0;
    if (query_decode_escapes(text, *text, end, *scratch) != 0)
        return ERR_MALFORMED;
    *scratch += text->length;
    return 0;
}

/* An agent that is not known is decoded, and known from then on. */
static inline int read_agent(struct beacon *beacon, struct slice agent, struct slice line,
                             struct spellings *known, char **scratch)
{
    struct spelling *row = NULL;
    uint64_t tag = 0;

    beacon->user_agent = agent;
    beacon->agent_hash = 0;
    beacon->agent_is_hashed = beacon->agent_is_written = false;
    if (agent.length == 0)
        return 0;
    if (known != NULL && spelling_is_short(agent)) {
        tag = spelling_tag(known, agent);
        row = spelling_row(known, tag);
        beacon->agent_is_hashed = true;
        beacon->agent_hash = row->hash;
        beacon->agent_is_written = row->tag == tag;
        if (beacon->agent_is_written)
            return 0;
    }
    if (decode(&beacon->user_agent, line, scratch) != 0)
        return ERR_MALFORMED;
    if (row != NULL) {
        beacon->agent_hash = hash_text(known->secret, beacon->user_agent, 0);
        *row = (struct spelling){tag, beacon->agent_hash};
    }
    return 0;
}

static inline int read_texts(struct beacon *beacon, struct slice value[KEYS],
                             struct slice line, struct spellings *known, char **scratch)
{
    for (enum key key = FIRST_TEXT; key <= LAST_TEXT; key++)
        if (value[key].length > 0 && decode(&value[key], line, scratch) != 0)
            return ERR_MALFORMED;
    beacon->page = value[PAGE];
    beacon->referrer = value[REFERRER];
    beacon->title = value[TITLE];
    beacon->event = value[EVENT];
    beacon->language = value[LANGUAGE];
    if (read_agent(beacon, value[AGENT], line, known, scratch) != 0)
        return ERR_MALFORMED;
    return beacon->event.length > LUOT_EVENT_MAX ? ERR_MALFORMED : 0;
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

static int read_width(unsigned *ret_px, struct slice width)
{
    uint64_t px = 0;
    if (!slice_is_empty(width) && (slice_number(width, &px) != 0 || px > UINT16_MAX))
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

int beacon_parse_known(struct beacon *ret_beacon, struct slice line,
                       struct spellings *known, char *scratch)
{
    struct slice value[KEYS];
    struct beacon beacon;
    uint64_t ends[STRETCHES];
    size_t words;

    if (line.length > LUOT_BEACON_MAX)
        return ERR_TOO_LONG;
    if (slice_is_empty(line))
        return ERR_MALFORMED;
    words = find_all_ends(ends, line);
    if (words == 0)
        return ERR_MALFORMED;
    find_pairs(value, line, ends, words);
    if (read_texts(&beacon, value, line, known, &scratch) != 0)
        return ERR_MALFORMED;
    /* They mostly need no decoding, and are what they are without it. */
    if (read_words(&beacon, value) != 0 &&
        (decode_words(value, scratch) != 0 || read_words(&beacon, value) != 0))
        return ERR_MALFORMED;
    *ret_beacon = beacon;
    return 0;
}

int beacon_parse(struct beacon *ret_beacon, struct slice line, char *scratch)
{
    return beacon_parse_known(ret_beacon, line, NULL, scratch);
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
