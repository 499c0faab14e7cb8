/* Each step looks at the whole line with something that handles many bytes at once (words
 * of eight, memchr), because at 120 bytes of short values a loop over single bytes is
 * what a beacon would spend most of its time on. */
#include "parse/beacon.h"

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

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Eight bytes at once: is any of them below 0x20 or 0x7F? A borrow can only be started by
 * such a byte, so there is no false alarm. */
static bool word_has_control(uint64_t word)
{
    const uint64_t ones = UINT64_MAX / 255, tops = ones * 0x80;
    uint64_t deletes = word ^ ones * 0x7f; /* 0 where the byte is 0x7F */
    return ((((word - ones * 0x20) & ~word) | ((deletes - ones) & ~deletes)) & tops) != 0;
}

static bool has_control(struct slice line)
{
    size_t i = 0;
    for (; i + 8 <= line.length; i += 8) {
        uint64_t word;
        memcpy(&word, line.at + i, 8);
        if (word_has_control(word))
            return true;
    }
    for (; i < line.length; i++)
        if (is_control(line.at[i]))
            return true;
    return false;
}

/* The first value of each key, as it stands in the line; `at` stays NULL where there is
 * none. */
static void split(struct slice value[KEYS], struct slice line)
{
    const char *at = line.at, *end = line.at + line.length;
    while (at < end) {
        const char *amp = memchr(at, '&', (size_t)(end - at));
        const char *stop = amp == NULL ? end : amp;
        enum key key =
            stop - at >= 2 && at[1] == '=' ? KEY_OF_LETTER[(unsigned char)at[0]] : NO_KEY;
        if (key != NO_KEY && value[key].at == NULL)
            value[key] = (struct slice){at + 2, (size_t)(stop - at) - 2};
        at = stop + 1;
    }
}

static bool has_escape(struct slice line)
{
    return memchr(line.at, '%', line.length) != NULL ||
           memchr(line.at, '+', line.length) != NULL;
}

static int decode(struct slice value[KEYS], char *scratch)
{
    for (enum key key = NO_KEY + 1; key < KEYS; key++) {
        int rv = query_decode(&value[key], value[key], scratch);
        if (rv != 0)
            return rv;
        if (value[key].at == scratch)
            scratch += value[key].length;
    }
    return 0;
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
    struct slice value[KEYS] = {0};
    struct address address = {0};
    enum beacon_kind kind;
    unsigned width;

    if (line.length > LUOT_BEACON_MAX)
        return ERR_TOO_LONG;
    if (slice_is_empty(line) || has_control(line))
        return ERR_MALFORMED;
    split(value, line);
    if (has_escape(line) && decode(value, scratch) != 0)
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
