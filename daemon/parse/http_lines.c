#include "parse/http_lines.h"

#include "parse/http_request.h"

static bool is_plain_target(struct slice target)
{
    for (size_t i = 0; i < target.length; i++)
        if ((unsigned char)target.at[i] <= ' ' || target.at[i] == 0x7f)
            return false;
    return true;
}

bool http_target_is_absolute(struct slice target)
{
    struct slice scheme = {target.at, slice_find(target, ':')};
    return (slice_equal_nocase(scheme, SLICE("http")) ||
            slice_equal_nocase(scheme, SLICE("https"))) &&
           target.length >= scheme.length + 3 &&
           memcmp(target.at + scheme.length, "://", 3) == 0;
}

/* METHOD SP TARGET SP HTTP/1.x: 0, or the status to refuse it with. */
static int check_request_line(struct slice line)
{
    struct slice rest = line;
    struct slice method = slice_cut(&rest, ' ');
    struct slice target = slice_cut(&rest, ' ');
    if (slice_is_empty(method) || slice_is_empty(target) || !is_plain_target(target))
        return 400;
    if (slice_is_empty(rest))
        return 505; /* HTTP/0.9 */
    if (!slice_equal(rest, SLICE("HTTP/1.1")) && !slice_equal(rest, SLICE("HTTP/1.0")))
        return slice_starts(rest, SLICE("HTTP/")) ? 505 : 400;
    if (slice_equal(method, SLICE("CONNECT")))
        return 501;
    bool known = target.at[0] == '/' || slice_equal(target, SLICE("*")) ||
                 http_target_is_absolute(target);
    return known ? 0 : 400;
}

static bool is_token_byte(char c)
{
    bool letter = ((unsigned)c | 0x20) - 'a' < 26, digit = (unsigned)c - '0' < 10;
    return letter || digit || c == '-' ||
           (c != '\0' && strchr("_!#$%&'*+.^`|~", c) != NULL);
}

/* Name and colon with nothing in between: llhttp lets "foo : bar" and ": bar" pass. */
static int check_header_line(struct slice line)
{
    size_t colon = slice_find(line, ':');
    for (size_t i = 0; i < colon; i++)
        if (!is_token_byte(line.at[i]))
            return 400;
    return colon > 0 && colon < line.length ? 0 : 400;
}

/* Where the target in an unfinished request line passes its limit, or `end`. */
static uint32_t target_limit(const struct http_lines *l, struct slice bytes, uint32_t end)
{
    const char *line = bytes.at + l->line;
    const char *space = memchr(line, ' ', end - l->line);
    if (space == NULL)
        return end;
    uint32_t target = (uint32_t)(space + 1 - bytes.at);
    if (end - target <= HTTP_TARGET_MAX ||
        memchr(bytes.at + target, ' ', HTTP_TARGET_MAX + 1) != NULL)
        return end;
    return target + HTTP_TARGET_MAX;
}

/* The first byte of a header line: 0, or the status to refuse it with. */
static int check_line_start(struct http_lines *l, char first)
{
    if (!l->has_request_line || first == '\r' || first == '\n')
        return 0;
    if (first == ' ' || first == '\t')
        return 400; /* a folded line */
    return ++l->headers > HTTP_HEADERS_MAX ? 431 : 0;
}

/* One line, from l->line to its CR at `cr`: 0, or the status to refuse it with. */
static int take_line(struct http_lines *l, struct slice bytes, uint32_t cr)
{
    struct slice line = {bytes.at + l->line, cr - l->line};
    int status = 0;
    if (l->has_request_line) {
        if (line.length > 0)
            status = check_header_line(line);
        else
            l->head_end = cr + 2;
    } else if (line.length > 0) {
        status = check_request_line(line);
        l->has_request_line = true;
    }
    l->line = l->scanned = cr + 2;
    return status;
}

static const char *find(struct slice bytes, uint32_t from, uint32_t to, char c)
{
    return memchr(bytes.at + from, c, to - from);
}

uint32_t http_lines_scan(struct http_lines *l, struct slice bytes, int *ret_status)
{
    uint32_t limit =
        bytes.length < HTTP_HEAD_MAX ? (uint32_t)bytes.length : HTTP_HEAD_MAX;
    while (l->scanned < limit && l->head_end == 0) {
        if (l->scanned == l->line &&
            (*ret_status = check_line_start(l, bytes.at[l->line])) != 0)
            return l->line;

        const char *lf = find(bytes, l->scanned, limit, '\n');
        uint32_t end = lf == NULL ? limit : (uint32_t)(lf - bytes.at);
        const char *cr = find(bytes, l->scanned, end, '\r');
        uint32_t stop = cr == NULL ? end : (uint32_t)(cr - bytes.at);
        if (!l->has_request_line && target_limit(l, bytes, stop) < stop) {
            *ret_status = 414;
            return target_limit(l, bytes, stop);
        }
        l->scanned = stop;
        if (stop == limit || (cr != NULL && stop + 1 == limit))
            break; /* more bytes are needed */
        *ret_status = 400;
        if (cr == NULL)
            return stop; /* a LF of its own */
        if (lf != cr + 1)
            return stop + 1; /* a CR of its own */
        *ret_status = take_line(l, bytes, stop);
        if (*ret_status != 0)
            return stop + 1;
    }
    if (l->head_end != 0)
        return l->head_end;
    if (limit == HTTP_HEAD_MAX)
        *ret_status = 431;
    return limit;
}
