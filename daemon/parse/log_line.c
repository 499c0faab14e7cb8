#include "parse/log_line.h"

#include "base/error.h"
#include "parse/log_time.h"
#include "parse/take.h"

/* "[", anything without "]", "] " */
static bool take_bracketed(struct slice *rest, struct slice *ret)
{
    if (!take_byte(rest, '['))
        return false;
    *ret = take(rest, slice_find(*rest, ']'));
    return take_byte(rest, ']') && take_byte(rest, ' ');
}

/* A quoted string, in which a backslash makes the next byte, whatever it is, an ordinary
 * one. */
static bool take_quoted(struct slice *rest, struct slice *ret)
{
    if (!take_byte(rest, '"'))
        return false;
    size_t i = slice_find((struct slice){rest->at, slice_find(*rest, '"')}, '\\');
    while (i < rest->length && rest->at[i] != '"')
        i += rest->at[i] == '\\' ? 2 : 1;
    if (i >= rest->length)
        return false;
    *ret = take(rest, i);
    return take_byte(rest, '"');
}

/* The size in bytes, or "-". */
static bool take_size(struct slice *rest)
{
    size_t digits = leading_digits(*rest);
    if (digits == 0)
        return take_byte(rest, '-');
    take(rest, digits);
    return true;
}

/* Behind the agent: nothing, or a space and anything. What nginx's users put there first
 * is "$http_x_forwarded_for". */
static bool read_rest(struct log_line *line, struct slice rest)
{
    if (slice_is_empty(rest))
        return true;
    if (!take_byte(&rest, ' '))
        return false;
    if (!take_quoted(&rest, &line->forwarded))
        line->forwarded = (struct slice){NULL, 0};
    return true;
}

/* The grammar, rule L1: all but what is inside the time and the request. */
static bool read_fields(struct log_line *line, struct slice rest, struct slice *ret_time)
{
    struct slice ident;
    if (!take_word(&rest, &line->host) || !take_word(&rest, &ident) ||
        !take_word(&rest, &line->user) || !take_bracketed(&rest, ret_time) ||
        !take_quoted(&rest, &line->request) || !take_byte(&rest, ' ') ||
        !take_digits(&rest, 3, &line->status) || !take_byte(&rest, ' ') ||
        !take_size(&rest))
        return false;
    line->kind = LOG_COMMON;
    if (slice_is_empty(rest))
        return true;
    line->kind = LOG_COMBINED;
    line->has_agent = true;
    return take_byte(&rest, ' ') && take_quoted(&rest, &line->referrer) &&
           take_byte(&rest, ' ') && take_quoted(&rest, &line->user_agent) &&
           read_rest(line, rest);
}

static bool is_upper_word(struct slice s)
{
    for (size_t i = 0; i < s.length; i++)
        if (s.at[i] < 'A' || s.at[i] > 'Z')
            return false;
    return s.length > 0;
}

static bool is_version(struct slice s)
{
    return s.length == 8 && memcmp(s.at, "HTTP/", 5) == 0 &&
           (unsigned)s.at[5] - '0' < 10 && s.at[6] == '.' && (unsigned)s.at[7] - '0' < 10;
}

/* Length of a leading "scheme://authority", or 0. */
static size_t origin_length(struct slice target)
{
    size_t i = 0;
    for (; i < target.length && target.at[i] != ':'; i++) {
        char c = target.at[i];
        bool letter = ((unsigned)c | 0x20) - 'a' < 26, digit = (unsigned)c - '0' < 10;
        if (!letter && (i == 0 || (!digit && c != '+' && c != '.' && c != '-')))
            return 0;
    }
    if (i == 0 || target.length - i < 3 || memcmp(target.at + i, "://", 3) != 0)
        return 0;
    i += 3;
    while (i < target.length && target.at[i] != '/' && target.at[i] != '?' &&
           target.at[i] != '#')
        i++;
    return i;
}

static struct slice path_of(struct slice target)
{
    size_t origin = origin_length(target);
    struct slice path = {target.at + origin, target.length - origin};
    path.length = slice_find(path, '?');
    path.length = slice_find(path, '#');
    return slice_is_empty(path) ? SLICE("/") : path;
}

void log_line_set_target(struct log_line *line, struct slice method, struct slice target)
{
    if (!is_upper_word(method) || slice_is_empty(target))
        return;
    line->method = method;
    line->target = target;
    line->path = path_of(target);
}

void log_line_set_request(struct log_line *line, struct slice request)
{
    struct slice rest = request, method, target;
    line->request = request;
    if (take_word(&rest, &method) && take_word(&rest, &target) && is_version(rest))
        log_line_set_target(line, method, target);
}

/* --- Escapes --- */

/* What a letter behind a backslash stands for; itself when it stands for nothing. */
static char escaped(char c)
{
    static const char LETTERS[] = "nrtbvf", BYTES[] = "\n\r\t\b\v\f";
    const char *found = c == '\0' ? NULL : strchr(LETTERS, c);
    return found == NULL ? c : BYTES[found - LETTERS];
}

struct slice log_line_unescape(struct slice value, char *memory)
{
    size_t plain = slice_find(value, '\\');
    if (plain == value.length)
        return value;
    memcpy(memory, value.at, plain);
    char *to = memory + plain;
    for (size_t i = plain; i < value.length; i++) {
        const char *at = value.at + i;
        size_t left = value.length - i;
        if (*at != '\\' || left < 2) {
            *to++ = *at;
        } else if (at[1] == 'x' && left >= 4 &&
                   (hex_digit(at[2]) | hex_digit(at[3])) < 16) {
            *to++ = (char)(hex_digit(at[2]) << 4 | hex_digit(at[3]));
            i += 3;
        } else {
            *to++ = escaped(at[1]);
            i++;
        }
    }
    return (struct slice){memory, (size_t)(to - memory)};
}

/* --- The line --- */

static int malformed(const char *reason, const char **ret_reason)
{
    if (ret_reason != NULL)
        *ret_reason = reason;
    return ERR_MALFORMED;
}

int log_line_parse(struct log_line *ret_line, struct slice line, const char **ret_reason)
{
    struct log_line parsed = {0};
    struct log_time when;
    struct slice time;
    if (line.length > 0 && line.at[line.length - 1] == '\r')
        line.length--;
    if (slice_is_empty(line))
        return malformed("empty", ret_reason);
    if (!read_fields(&parsed, line, &time))
        return malformed("no_match", ret_reason);
    if (log_time_clf(&when, time) != 0)
        return malformed("bad_time", ret_reason);
    parsed.has_time = true;
    parsed.time_s = when.s;
    parsed.offset_s = when.offset_s;
    log_line_set_request(&parsed, parsed.request);
    *ret_line = parsed;
    return 0;
}
