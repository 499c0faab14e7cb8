/* One look at every byte, sixteen at a time, finds the control characters (up to 0x1f, and
 * 0x7f). In a plain head these are the CR LF at the ends of lines and nothing else, so
 * finding the lines and checking that no line has a byte it must not have are one thing. A
 * tab, a NUL, a CR or LF of its own, a 0x7f: declined. What is left to look at is the
 * request line, and of each header line its name, which most requests have in common.
 *
 * 810 bytes of a browser's pixel, in fourteen headers: some 2,180 instructions. The line scan
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

static bool take_method(struct http_request *r, struct slice *line)
{
    static const struct {
        struct slice text;
        enum http_method method;
    } METHODS[] = {
        {{"GET /", 5}, METHOD_GET},
        {{"POST /", 6}, METHOD_POST},
        {{"HEAD /", 6}, METHOD_HEAD},
    };
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++)
        if (slice_starts(*line, METHODS[i].text)) {
            size_t target = METHODS[i].text.length - 1; /* with its slash */
            *line = (struct slice){line->at + target, line->length - target};
            r->method = METHODS[i].method;
            return true;
        }
    return false;
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

static bool take_request_line(struct http_request *r, struct slice line)
{
    static const char VERSION[] = " HTTP/1.1";
    size_t version = sizeof VERSION - 1, query;
    if (!take_method(r, &line) || line.length < version)
        return false;
    struct slice target = {line.at, line.length - version};
    if (memcmp(target.at + target.length, VERSION, version) != 0 ||
        target.length > HTTP_TARGET_MAX || !find_query(target, &query))
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

static bool is_name_byte(char c)
{
    return ((unsigned)c | 0x20) - 'a' < 26 || c == '-' || (unsigned)c - '0' < 10;
}

/* How many of the 16 bytes are a name's, before the first that is not. `lower`: each of them
 * with the bit 0x20. */
static inline size_t name_bytes(bytes16 b, bytes16 lower)
{
    bytes16 name = bytes16_between(lower, 'a', 'z') | bytes16_between(b, '0', '9') |
                   bytes16_is(b, '-');
    return lowest_bit(~(uint64_t)bytes16_bits(name));
}

static size_t rest_of_name(struct slice line, size_t i)
{
    while (i < line.length && is_name_byte(line.at[i]))
        i++;
    return i;
}

/* The bytes of a header's name at the beginning of the line, and which it is; behind them
 * there is no colon perhaps. `readable` bytes of the head are there from its first on: a line
 * that ends earlier is told by its CR, which is no name's. */
static inline size_t take_name(struct slice line, size_t readable,
                               enum http_field *ret_field)
{
    size_t length = 0;

    if (readable >= 16) {
        if (http_field_usual(line.at, ret_field, &length))
            return length;
        bytes16 b = bytes16_load(line.at);
        length = name_bytes(b, b | bytes16_all(0x20));
    }
    if (readable < 16 || length == 16)
        length = rest_of_name(line, length);
    *ret_field = http_field_of((struct slice){line.at, length});
    return length;
}

/* The bytes of a host's name, which may have points. */
static size_t host_bytes(struct slice host)
{
    size_t i = 0;
    for (; host.length - i >= 16; i += 16) {
        bytes16 b = bytes16_load(host.at + i);
        bytes16 points = bytes16_is(b, '.') & bytes16_all('.' ^ '-');
        size_t good = name_bytes(b ^ points, b | bytes16_all(0x20));
        if (good < 16)
            return i + good;
    }
    while (i < host.length && (is_name_byte(host.at[i]) || host.at[i] == '.'))
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

static inline bool take_header(struct values *v, struct slice line, size_t readable)
{
    enum http_field field;
    size_t colon = take_name(line, readable, &field);
    if (colon == 0 || line.at[colon] != ':') /* behind the line is its CR */
        return false;
    if (field == FIELD_OTHER)
        return true;
    if (v->of[field].at != NULL || (NOT_PLAIN >> field & 1) != 0)
        return false; /* twice, or not for us */
    v->of[field] = trim(line.at + colon + 1, line.at + line.length);
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

/* The lines of a head, and how many bytes they are with the empty one behind them; 0: one is
 * not plain, or there is no end. */
static inline size_t take_lines(struct http_request *r, struct values *v,
                                struct slice head)
{
    size_t begin = 0;
    unsigned lines = 0;
    for (size_t block = 0; block < head.length; block += BLOCK) {
        uint64_t marks = marks_of_block(head.at + block, head.length - block);
        if (begin >
            block) /* its first is the LF of the CR that was the last one's last */
            marks &= marks - 1;
        for (; marks != 0; marks &= marks - 1) {
            size_t end = block + lowest_bit(marks);
            struct slice line = {head.at + begin, end - begin};
            if (head.length - end < 2)
                return 0;
            if (memcmp(head.at + end, "\r\n", 2) != 0) {
                if ((unsigned char)head.at[end] > 0x7f)
                    continue;
                return 0;
            }
            if (line.length == 0)
                return end + 2;
            if (lines == 0 ? !take_request_line(r, line)
                           : lines > HTTP_HEADERS_MAX ||
                                 !take_header(v, line, head.length - begin))
                return 0;
            lines++;
            begin = end + 2;
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
