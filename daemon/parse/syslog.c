#include "parse/syslog.h"

#include "base/error.h"
#include "parse/take.h"

enum { PRIORITY_MAX = 191 /* 23 facilities, 8 severities */ };

/* "<0>" to "<191>"; at most three digits. */
static bool take_priority(struct slice *rest)
{
    struct slice at = *rest;
    size_t digits;
    unsigned priority;

    if (!take_byte(&at, '<'))
        return false;
    digits = leading_digits(at);
    if (digits < 1 || digits > 3 || !take_digits(&at, digits, &priority) ||
        priority > PRIORITY_MAX || !take_byte(&at, '>'))
        return false;
    *rest = at;
    return true;
}

/* "Nov 23 00:27:48 ", "Nov  3 ..." */
static bool take_time_3164(struct slice *rest)
{
    struct slice at = *rest;
    unsigned month, day, part;

    if (!take_month(&at, &month) || !take_byte(&at, ' '))
        return false;
    if (!(take_byte(&at, ' ') ? take_digits(&at, 1, &day) : take_digits(&at, 2, &day)) ||
        !take_byte(&at, ' ') || !take_digits(&at, 2, &part) || !take_byte(&at, ':') ||
        !take_digits(&at, 2, &part) || !take_byte(&at, ':') ||
        !take_digits(&at, 2, &part) || !take_byte(&at, ' '))
        return false;
    *rest = at;
    return true;
}

/* "2026-11-23T00:27:55.198321+07:00 ", of which the beginning is looked at. */
static bool take_time_3339(struct slice *rest)
{
    struct slice at = *rest, zone;
    unsigned part;

    if (!take_digits(&at, 4, &part) || !take_byte(&at, '-') ||
        !take_digits(&at, 2, &part) || !take_byte(&at, '-') ||
        !take_digits(&at, 2, &part) || !take_byte(&at, 'T') || !take_word(&at, &zone))
        return false;
    *rest = at;
    return true;
}

static bool take_time(struct slice *rest)
{
    return take_time_3164(rest) || take_time_3339(rest);
}

static bool is_tag_byte(char c)
{
    unsigned letter = ((unsigned)c | 0x20) - 'a', digit = (unsigned)c - '0';

    return letter < 26 || digit < 10 || (c != '\0' && strchr("._-/@", c) != NULL);
}

/* "nginx: ", "haproxy[29662]: ". Without the space only JSON is told from a host with its
 * port or an IPv6 address, with which the line itself may begin. */
static bool take_tag(struct slice *rest, struct slice *ret_tag)
{
    struct slice at = *rest, tag;
    size_t length = 0;

    while (length < at.length && is_tag_byte(at.at[length]))
        length++;
    if (length == 0)
        return false;
    tag = take(&at, length);
    if (take_byte(&at, '[')) {
        take(&at, slice_find(at, ']'));
        if (!take_byte(&at, ']'))
            return false;
    }
    if (!take_byte(&at, ':') || at.length == 0 || (at.at[0] != ' ' && at.at[0] != '{'))
        return false;
    *ret_tag = tag;
    *rest = at;
    return true;
}

static void read_3164(struct syslog *s, struct slice rest)
{
    struct slice at = rest, host;

    s->line = rest;
    if (take_tag(&s->line, &s->tag))
        return;
    if (take_word(&at, &host) && take_tag(&at, &s->tag)) {
        s->host = host;
        s->line = at;
    }
}

/* "-" is nil. The last field may end the datagram. */
static bool take_field(struct slice *rest, struct slice *ret_field)
{
    if (!take_word(rest, ret_field))
        return false;
    if (slice_equal(*ret_field, SLICE("-")))
        ret_field->length = 0;
    return true;
}

/* "[id name="value" ...]": up to the first ']' that is outside quotes; in them a
 * backslash makes the next byte an ordinary one. */
static bool take_element(struct slice *rest)
{
    bool quoted = false;
    size_t i = 1;

    if (rest->length == 0 || rest->at[0] != '[')
        return false;
    for (; i < rest->length && (quoted || rest->at[i] != ']'); i++) {
        if (quoted && rest->at[i] == '\\')
            i++;
        else if (rest->at[i] == '"')
            quoted = !quoted;
    }
    if (i >= rest->length)
        return false;
    take(rest, i + 1);
    return true;
}

/* "-", or elements one behind the other; then the end, or a space and the line. */
static bool take_structured_data(struct slice *rest)
{
    if (!take_byte(rest, '-')) {
        if (!take_element(rest))
            return false;
        while (take_element(rest))
            ;
    }
    return rest->length == 0 || take_byte(rest, ' ');
}

static int read_5424(struct syslog *s, struct slice rest)
{
    struct slice time, process, message_id;

    if (!take_field(&rest, &time) || !take_field(&rest, &s->host) ||
        !take_field(&rest, &s->tag) || !take_field(&rest, &process) ||
        !take_field(&rest, &message_id) || !take_structured_data(&rest))
        return ERR_MALFORMED;
    s->line = rest;
    return 0;
}

static bool ends_line(char c)
{
    return c == '\n' || c == '\r' || c == '\0';
}

static struct slice trim_line(struct slice line)
{
    while (take_byte(&line, ' '))
        ;
    if (slice_starts(line, SLICE("\xEF\xBB\xBF")))
        take(&line, 3);
    if (slice_starts(line, SLICE("@cee:"))) {
        take(&line, 5);
        while (take_byte(&line, ' '))
            ;
    }
    return line;
}

bool syslog_begins(struct slice bytes)
{
    struct slice at = bytes;

    return (take_byte(&at, '<') && leading_digits(at) > 0) || take_time(&bytes);
}

int syslog_parse(struct syslog *ret, struct slice bytes)
{
    struct syslog s = {0};
    bool framed;
    int rv = 0;

    while (bytes.length > 0 && ends_line(bytes.at[bytes.length - 1]))
        bytes.length--;
    framed = take_priority(&bytes);
    if (framed && slice_starts(bytes, SLICE("1 "))) {
        take(&bytes, 2);
        rv = read_5424(&s, bytes);
    } else if (take_time(&bytes) || framed) {
        read_3164(&s, bytes);
    } else {
        rv = ERR_MALFORMED;
    }
    if (rv != 0)
        return rv;
    s.line = trim_line(s.line);
    *ret = s;
    return 0;
}
