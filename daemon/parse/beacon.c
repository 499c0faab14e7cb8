/* The whole line is read once, byte by byte through one table: a beacon is about 120
 * bytes of short values, where a byte loop is faster than a memchr for every key and
 * value. Values are decoded only when the scan met an escape. */
#include "parse/beacon.h"

#include "base/error.h"
#include "luot_beacon.h"
#include "parse/query.h"

enum { PLAIN, CONTROL, ESCAPE, END };

#define CONTROLS_16                                                                      \
    CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL,     \
        CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL

static const uint8_t BYTE_CLASS[256] = {CONTROLS_16, CONTROLS_16,    ['%'] = ESCAPE,
                                        ['&'] = END, ['+'] = ESCAPE, [0x7f] = CONTROL};

/* A value as it stands in the line. `at` is NULL until its key was seen. */
struct raw_value {
    const char *at;
    size_t length;
    bool has_escape;
};

struct raw_beacon {
    struct raw_value site, page, referrer, title, event, kind, width, language, address,
        user_agent;
    struct raw_value ignored; /* any other key */
};

static struct raw_value *value_of_key(struct raw_beacon *raw, char key)
{
    switch (key) {
    case 's':
        return &raw->site;
    case 'p':
        return &raw->page;
    case 'r':
        return &raw->referrer;
    case 't':
        return &raw->title;
    case 'e':
        return &raw->event;
    case 'k':
        return &raw->kind;
    case 'w':
        return &raw->width;
    case 'l':
        return &raw->language;
    case 'i':
        return &raw->address;
    case 'u':
        return &raw->user_agent;
    default:
        return &raw->ignored;
    }
}

/* Reads up to the next '&' or the end. false: a control byte. */
static bool take_value(const char **at, const char *end, struct raw_value *ret_value)
{
    const char *from = *at, *to = from;
    bool has_escape = false;
    for (; to < end; to++) {
        uint8_t class = BYTE_CLASS[(unsigned char)*to];
        if (class == PLAIN)
            continue;
        if (class == END)
            break;
        if (class == CONTROL)
            return false;
        has_escape = true;
    }
    *at = to;
    *ret_value = (struct raw_value){from, (size_t)(to - from), has_escape};
    return true;
}

static int split(struct raw_beacon *raw, struct slice line)
{
    const char *at = line.at, *end = line.at + line.length;
    while (at < end) {
        struct raw_value *value = &raw->ignored, taken;
        if (end - at >= 2 && at[1] == '=') {
            value = value_of_key(raw, at[0]);
            if (BYTE_CLASS[(unsigned char)at[0]] == CONTROL)
                return ERR_MALFORMED;
            at += 2;
        }
        if (!take_value(&at, end, &taken))
            return ERR_MALFORMED;
        at++; /* over the '&' */
        if (value->at == NULL)
            *value = taken;
    }
    return 0;
}

/* Decodes into *scratch and moves it behind what it used. */
static int decode(struct slice *ret, const struct raw_value *raw, char **scratch)
{
    struct slice value = {raw->at, raw->length};
    if (raw->has_escape) {
        int rv = query_decode(&value, value, *scratch);
        if (rv != 0)
            return rv;
        *scratch += value.length;
    }
    *ret = value;
    return 0;
}

static bool is_site_key(struct slice key)
{
    if (key.length > LUOT_SITE_KEY_MAX)
        return false;
    for (size_t i = 0; i < key.length; i++) {
        char c = key.at[i];
        bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter_or_digit && (i == 0 || (c != '_' && c != '-')))
            return false;
    }
    return true;
}

static int read_kind(struct beacon *b, struct slice kind)
{
    if (slice_is_empty(kind) || slice_equal(kind, SLICE("view")))
        b->kind = BEACON_VIEW;
    else if (slice_equal(kind, SLICE("ping")))
        b->kind = BEACON_PING;
    else
        return ERR_MALFORMED;
    if (!slice_is_empty(b->event))
        b->kind = BEACON_EVENT;
    return 0;
}

static int read_width(struct beacon *b, struct slice width)
{
    uint64_t px = 0;
    if (!slice_is_empty(width) && (slice_number(width, &px) != 0 || px > UINT16_MAX))
        return ERR_MALFORMED;
    b->screen_width = (unsigned)px;
    return 0;
}

static int read_address(struct beacon *b, struct slice address)
{
    b->has_address = !slice_is_empty(address);
    return b->has_address ? address_parse(&b->address, address) : 0;
}

int beacon_parse(struct beacon *ret_beacon, struct slice line, char *scratch)
{
    struct beacon b = {0};
    struct raw_beacon raw = {0};
    struct slice kind, width, address;

    if (line.length > LUOT_BEACON_MAX)
        return ERR_TOO_LONG;
    if (slice_is_empty(line) || split(&raw, line) != 0 ||
        decode(&b.site, &raw.site, &scratch) != 0 ||
        decode(&b.page, &raw.page, &scratch) != 0 ||
        decode(&b.referrer, &raw.referrer, &scratch) != 0 ||
        decode(&b.title, &raw.title, &scratch) != 0 ||
        decode(&b.event, &raw.event, &scratch) != 0 ||
        decode(&b.language, &raw.language, &scratch) != 0 ||
        decode(&b.user_agent, &raw.user_agent, &scratch) != 0 ||
        decode(&kind, &raw.kind, &scratch) != 0 ||
        decode(&width, &raw.width, &scratch) != 0 ||
        decode(&address, &raw.address, &scratch) != 0)
        return ERR_MALFORMED;
    if (!is_site_key(b.site) || b.event.length > LUOT_EVENT_MAX ||
        read_kind(&b, kind) != 0 || read_width(&b, width) != 0 ||
        read_address(&b, address) != 0)
        return ERR_MALFORMED;
    *ret_beacon = b;
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
