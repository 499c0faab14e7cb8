#include "parse/log_line.h"

#include "base/error.h"
#include "base/zone.h"

/* The readers below take their part from the front of *rest; false: it is not there. */

static bool take_byte(struct slice *rest, char c)
{
    if (rest->length == 0 || rest->at[0] != c)
        return false;
    rest->at++;
    rest->length--;
    return true;
}

static bool take(struct slice *rest, size_t length, struct slice *ret)
{
    *ret = (struct slice){rest->at, length};
    rest->at += length;
    rest->length -= length;
    return true;
}

/* One or more bytes that are no space, and the space behind them. */
static bool take_word(struct slice *rest, struct slice *ret)
{
    size_t length = slice_find(*rest, ' ');
    return length > 0 && take(rest, length, ret) && take_byte(rest, ' ');
}

/* "[", anything without "]", "] " */
static bool take_bracketed(struct slice *rest, struct slice *ret)
{
    return take_byte(rest, '[') && take(rest, slice_find(*rest, ']'), ret) &&
           take_byte(rest, ']') && take_byte(rest, ' ');
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
    return i < rest->length && take(rest, i, ret) && take_byte(rest, '"');
}

static size_t leading_digits(struct slice s)
{
    size_t i = 0;
    while (i < s.length && (unsigned)s.at[i] - '0' < 10)
        i++;
    return i;
}

/* Exactly `count` digits. */
static bool take_digits(struct slice *rest, size_t count, unsigned *ret_number)
{
    struct slice digits;
    uint64_t number = 0;
    if (leading_digits(*rest) < count || !take(rest, count, &digits) ||
        slice_number(digits, &number) != 0)
        return false;
    *ret_number = (unsigned)number;
    return true;
}

/* The size in bytes, or "-". */
static bool take_size(struct slice *rest)
{
    struct slice size;
    size_t digits = leading_digits(*rest);
    return digits > 0 ? take(rest, digits, &size) : take_byte(rest, '-');
}

static bool take_month(struct slice *rest, unsigned *ret_month)
{
    static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct slice name;
    if (rest->length < 3 || !take(rest, 3, &name))
        return false;
    for (unsigned i = 0; i < 12; i++) {
        if (memcmp(MONTHS + 3 * i, name.at, 3) == 0) {
            *ret_month = i + 1;
            return true;
        }
    }
    return false;
}

static bool date_exists(struct date d)
{
    static const uint8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (d.year % 4 == 0 && d.year % 100 != 0) || d.year % 400 == 0;
    unsigned days = DAYS[d.month - 1] + (leap && d.month == 2 ? 1u : 0);
    return d.year >= 1 && d.day >= 1 && d.day <= days;
}

/* dd/Mon/yyyy:HH:MM:SS +zzzz; a second over 59 is 59 */
static bool read_time(struct log_line *line, struct slice text)
{
    struct date date = {0};
    unsigned year, hour, minute, second, zone_hours, zone_minutes;
    if (!take_digits(&text, 2, &date.day) || !take_byte(&text, '/') ||
        !take_month(&text, &date.month) || !take_byte(&text, '/') ||
        !take_digits(&text, 4, &year) || !take_byte(&text, ':') ||
        !take_digits(&text, 2, &hour) || !take_byte(&text, ':') ||
        !take_digits(&text, 2, &minute) || !take_byte(&text, ':') ||
        !take_digits(&text, 2, &second) || !take_byte(&text, ' '))
        return false;
    bool west = take_byte(&text, '-');
    if ((!west && !take_byte(&text, '+')) || !take_digits(&text, 2, &zone_hours) ||
        !take_digits(&text, 2, &zone_minutes) || text.length > 0)
        return false;
    date.year = (int)year;
    if (!date_exists(date) || hour > 23 || minute > 59)
        return false;
    int32_t offset = (int32_t)(zone_hours * 3600 + zone_minutes * 60);
    line->offset_s = west ? -offset : offset;
    line->time_s = day_of_date(date) * 86400 +
                   (int64_t)(hour * 3600 + minute * 60 + (second > 59 ? 59 : second)) -
                   line->offset_s;
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
    return take_byte(&rest, ' ') && take_quoted(&rest, &line->referrer) &&
           take_byte(&rest, ' ') && take_quoted(&rest, &line->user_agent) &&
           (slice_is_empty(rest) || rest.at[0] == ' ');
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

/* METHOD SP TARGET SP HTTP/d.d; anything else leaves a record without a page (rule
 * L3). */
static void read_request(struct log_line *line)
{
    struct slice rest = line->request, method, target;
    if (!take_word(&rest, &method) || !take_word(&rest, &target) ||
        !is_upper_word(method) || !is_version(rest))
        return;
    line->method = method;
    line->target = target;
    line->path = path_of(target);
}

static int malformed(const char *reason, const char **ret_reason)
{
    if (ret_reason != NULL)
        *ret_reason = reason;
    return ERR_MALFORMED;
}

int log_line_parse(struct log_line *ret_line, struct slice line, const char **ret_reason)
{
    struct log_line parsed = {0};
    struct slice time;
    if (line.length > 0 && line.at[line.length - 1] == '\r')
        line.length--;
    if (slice_is_empty(line))
        return malformed("empty", ret_reason);
    if (!read_fields(&parsed, line, &time))
        return malformed("no_match", ret_reason);
    if (!read_time(&parsed, time))
        return malformed("bad_time", ret_reason);
    read_request(&parsed);
    *ret_line = parsed;
    return 0;
}

bool log_path_is_asset(struct slice path)
{
    static const char EXTENSIONS[] = " css js mjs map png jpg jpeg jpe gif svg svgz ico "
                                     "cur webp avif bmp tif tiff woff woff2 ttf "
                                     "otf eot mp3 mp4 m4a m4v webm ogg ogv oga wav avi "
                                     "mov mpg mpeg flv swf pdf ps zip gz tgz bz2 "
                                     "xz 7z rar tar exe msi dmg iso deb rpm jar apk bin "
                                     "txt xml json rss rdf atom wasm webmanifest "
                                     "xbm md5 sha1 asc ";
    char word[16] = " ";
    size_t length = 0;
    while (length < path.length && path.at[path.length - 1 - length] != '.') {
        char c = path.at[path.length - 1 - length];
        if (c == '/' || ++length > sizeof word - 3)
            return false;
    }
    if (length == 0 || length == path.length)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = path.at[path.length - length + i];
        bool digit = c >= '0' && c <= '9';
        c = digit ? c : (char)(c | 0x20);
        if (!digit && (c < 'a' || c > 'z'))
            return false;
        word[1 + i] = c;
    }
    word[1 + length] = ' ';
    word[2 + length] = '\0';
    return strstr(EXTENSIONS, word) != NULL;
}

bool log_line_is_page_view(const struct log_line *line, enum log_rule rule)
{
    bool get = slice_equal(line->method, SLICE("GET"));
    bool shown =
        rule == LOG_RULE_PV1
            ? line->status == 200 && (get || slice_equal(line->method, SLICE("POST")))
            : get &&
                  ((line->status >= 200 && line->status <= 299) || line->status == 304);
    return shown && !log_path_is_asset(line->path);
}
