/* One look at every byte, sixteen at a time, finds the control characters (up to 0x1f, and
 * 0x7f). In a plain head these are the CR LF at the ends of lines and nothing else, so
 * finding the lines and checking that no line has a byte it must not have are one thing. A
 * tab, a NUL, a CR or LF of its own, a 0x7f: declined. What is left to look at is the
 * request line, and of each header line its name, which most requests have in common.
 *
 * 810 bytes of a browser's pixel, in fourteen headers: some 2,060 instructions. The line scan
 * and llhttp take 17,500 for 696. */
#include "parse/http_plain.h"

#include "base/bytes16.h"
#include "parse/http_field.h"

/* --- Lines --- */

enum { BLOCK = 64 };

/* A bit for each byte of sixteen that ends a line or must not be there, and for those that are
 * no ASCII, which costs nothing more. */
static inline uint64_t marks_of_16(const char *at)
{
    return bytes16_bits(bytes16_outside_print(bytes16_load(at)));
}

static inline uint64_t marks_of(const char *at)
{
    return marks_of_16(at) | marks_of_16(at + 16) << 16 | marks_of_16(at + 32) << 32 |
           marks_of_16(at + 48) << 48;
}

/* Of a block that the head may end in. */
static inline uint64_t marks_of_block(const char *at, size_t left)
{
    char end[BLOCK];
    if (left >= BLOCK)
        return marks_of(at);
    memset(end, ' ', sizeof end);
    memcpy(end, at, left);
    return marks_of(end);
}

/* --- The request line --- */

/* Its method, and how many bytes there are before the target's slash; 0: another. Six bytes
 * can be read. */
static inline size_t take_method(enum http_method *ret_method, const char *at)
{
    *ret_method = METHOD_GET;
    if (memcmp(at, "GET /", 5) == 0)
        return 4;
    *ret_method = METHOD_POST;
    if (memcmp(at, "POST /", 6) == 0)
        return 5;
    *ret_method = METHOD_HEAD;
    return memcmp(at, "HEAD /", 6) == 0 ? 5 : 0;
}

/* What sixteen bytes of a target have to say. */
static inline void look_at_16(const char *at, bytes16 *odd, unsigned *ret_marks)
{
    bytes16 b = bytes16_load(at);
    *odd |= bytes16_is(b, ' ') | bytes16_is(b, '#');
    *ret_marks = bytes16_bits(bytes16_is(b, '?'));
}

/* Where its '?' is, or its length. false: there is a space or a fragment. */
static inline bool find_query(struct slice target, size_t *ret_at)
{
    bytes16 odd = bytes16_all(0);
    size_t found = target.length, i = 0;
    unsigned marks;
    if (target.length < 16) {
        *ret_at = slice_find(target, '?');
        return slice_find_either(target, ' ', '#') == target.length;
    }
    for (; i < target.length; i += 16) {
        size_t at = i < target.length - 16 ? i : target.length - 16;
        look_at_16(target.at + at, &odd, &marks);
        if (marks != 0 && found == target.length)
            found = at + lowest_bit(marks);
    }
    *ret_at = found;
    return bytes16_bits(odd) == 0;
}

static bool take_request_line(struct http_request *r, const char *at, const char *end)
{
    static const char VERSION[] = " HTTP/1.1";
    enum { VERSION_BYTES = sizeof VERSION - 1, LEAST = sizeof "GET /" - 1 };
    size_t before, query;
    struct slice target;
    if (end - at < LEAST + VERSION_BYTES ||
        memcmp(end - VERSION_BYTES, VERSION, VERSION_BYTES) != 0)
        return false;
    before = take_method(&r->method, at);
    target = (struct slice){at + before, (size_t)(end - at) - before - VERSION_BYTES};
    if (before == 0 || target.length == 0 || target.length > HTTP_TARGET_MAX ||
        !find_query(target, &query))
        return false;
    r->target = target;
    r->path = (struct slice){target.at, query};
    r->query = query == target.length
                   ? (struct slice){NULL, 0}
                   : (struct slice){target.at + query + 1, target.length - query - 1};
    return true;
}

/* --- The headers --- */

struct values {
    struct slice of[FIELDS]; /* {NULL, 0}: it was not there */
};

/* What llhttp and http_request.c have rules for. */
enum { NOT_PLAIN = 1u << FIELD_EXPECT | 1u << FIELD_TRANSFER_ENCODING | 1u << FIELD_HOP };

/* The bytes of a host's name, which may have points. */
static size_t host_bytes(struct slice host)
{
    size_t i = 0;
    for (; host.length - i >= 16; i += 16) {
        bytes16 b = bytes16_load(host.at + i);
        bytes16 points = bytes16_is(b, '.') & bytes16_all('.' ^ '-');
        size_t good = http_name_bytes(b ^ points, b | bytes16_all(0x20));
        if (good < 16)
            return i + good;
    }
    while (i < host.length && (http_is_name_byte(host.at[i]) || host.at[i] == '.'))
        i++;
    return i;
}

/* A name and a port, as far as they are surely good. */
static bool is_plain_host(struct slice host)
{
    size_t i = host_bytes(host);
    if (i == 0)
        return false;
    if (i < host.length && host.at[i] == ':')
        i++;
    while (i < host.length && (unsigned)host.at[i] - '0' < 10)
        i++;
    return i == host.length;
}

/* Up to `end`, where a CR stands. */
static inline struct slice trim(const char *at, const char *end)
{
    while (*at == ' ')
        at++;
    while (end > at && end[-1] == ' ')
        end--;
    return (struct slice){at, (size_t)(end - at)};
}

/* From `line` to its CR at `end`; `stop` is where the head ends, at the latest. */
static inline bool take_header(struct values *v, const char *line, const char *end,
                               const char *stop)
{
    enum http_field field;
    size_t colon;
    if (stop - line < 16 || !http_field_usual(line, &field, &colon)) {
        colon = http_field_begins((struct slice){line, (size_t)(end - line)},
                                  (size_t)(stop - line), &field);
        if (colon == 0 || line[colon] != ':') /* behind the line is its CR */
            return false;
    }
    if (field == FIELD_OTHER)
        return true;
    if (v->of[field].at != NULL || (NOT_PLAIN >> field & 1) != 0)
        return false; /* twice, or not for us */
    v->of[field] = trim(line + colon + 1, end);
    return true;
}

static bool take_connection(struct http_request *r, const struct values *v)
{
    struct slice connection = v->of[FIELD_CONNECTION];
    r->keep_alive = connection.at == NULL ||
                    slice_equal(connection, SLICE("keep-alive")) ||
                    slice_equal_nocase(connection, SLICE("keep-alive"));
    return r->keep_alive || slice_equal_nocase(connection, SLICE("close"));
}

/* What is behind the head begins with it. */
static bool take_body(struct http_request *r, const struct values *v, struct slice rest)
{
    uint64_t length = 0;
    if (v->of[FIELD_CONTENT_LENGTH].at != NULL &&
        slice_number(v->of[FIELD_CONTENT_LENGTH], &length) != 0)
        return false;
    r->body = (struct slice){rest.at, length};
    return length <= HTTP_BODY_MAX && length <= rest.length;
}

static bool take_values(struct http_request *r, const struct values *v)
{
    r->host = v->of[FIELD_HOST];
    r->origin = v->of[FIELD_ORIGIN];
    r->referer = v->of[FIELD_REFERER];
    r->user_agent = v->of[FIELD_USER_AGENT];
    r->accept_language = v->of[FIELD_ACCEPT_LANGUAGE];
    r->accept_encoding = v->of[FIELD_ACCEPT_ENCODING];
    r->forwarded_for = v->of[FIELD_FORWARDED_FOR];
    r->authorization = v->of[FIELD_AUTHORIZATION];
    r->content_type = v->of[FIELD_CONTENT_TYPE];
    r->if_none_match = v->of[FIELD_IF_NONE_MATCH];
    r->dnt = v->of[FIELD_DNT];
    r->gpc = v->of[FIELD_GPC];
    r->purpose = v->of[FIELD_PURPOSE];
    return is_plain_host(r->host);
}

/* --- All of it --- */

/* What ends at a mark. */
enum mark { MARK_LINE, MARK_HIGH /* nothing: it is no ASCII */, MARK_ODD };

static inline enum mark mark_at(const char *at, const char *stop)
{
    if (stop - at >= 2 && memcmp(at, "\r\n", 2) == 0)
        return MARK_LINE;
    return (unsigned char)*at > 0x7f ? MARK_HIGH : MARK_ODD;
}

/* The lines of a head, and how many bytes they are with the empty one behind them; 0: one is
 * not plain, or there is no end. */
static inline size_t take_lines(struct http_request *r, struct values *v,
                                struct slice head)
{
    const char *line = head.at, *stop = head.at + head.length;
    unsigned lines = 0;
    for (const char *block = line; block < stop; block += BLOCK) {
        uint64_t marks = marks_of_block(block, (size_t)(stop - block));
        if (line > block) /* its first is the LF of the CR that was the last one's last */
            marks &= marks - 1;
        for (; marks != 0; marks &= marks - 1) {
            const char *end = block + lowest_bit(marks);
            enum mark mark = mark_at(end, stop);
            if (mark == MARK_HIGH)
                continue;
            if (mark == MARK_ODD)
                return 0;
            if (end == line)
                return (size_t)(end + 2 - head.at);
            if (lines == 0 ? !take_request_line(r, line, end)
                           : lines > HTTP_HEADERS_MAX || !take_header(v, line, end, stop))
                return 0;
            lines++;
            line = end + 2;
            marks &= marks - 1; /* the CR; the LF is the next, if it is of this block */
        }
    }
    return 0;
}

bool http_plain_take(struct slice bytes, struct http_request *ret_request,
                     size_t *ret_used)
{
    struct slice head = bytes;
    struct values v = {0};
    size_t end;

    if (head.length > HTTP_HEAD_MAX)
        head.length = HTTP_HEAD_MAX;
    end = take_lines(ret_request, &v, head);
    if (end == 0 || !take_values(ret_request, &v) || !take_connection(ret_request, &v) ||
        !take_body(ret_request, &v, (struct slice){bytes.at + end, bytes.length - end}))
        return false;
    ret_request->expects_continue = false;
    *ret_used = end + ret_request->body.length;
    return true;
}
