/* One look at every byte, sixteen at a time, finds the control characters (up to 0x1f, and
 * 0x7f). In a plain head these are the CR LF at the ends of lines and nothing else, so
 * finding the lines and checking that no line has a byte it must not have are one thing. A
 * tab, a NUL, a CR or LF of its own, a 0x7f: declined. What is left to look at is the
 * request line, and of each header line the name and the colon.
 *
 * 810 bytes of a browser's pixel, in fourteen headers: some 3,200 instructions. The line scan
 * and llhttp take 17,500 for 696. */
#include "parse/http_plain.h"

#include "base/bytes16.h"
#include "parse/http_field.h"

/* --- Lines --- */

enum { BLOCK = 64 };

struct marks {
    const char *at;
    size_t length;
    size_t block;  /* where the bits of `mask` begin; a multiple of BLOCK */
    uint64_t mask; /* control characters of it not yet told of            */
    size_t line;   /* where the next line begins                          */
};

static inline uint64_t controls_of_16(const char *at)
{
    bytes16 b = bytes16_load(at);
    return bytes16_bits(bytes16_below(b, ' ') | bytes16_is(b, 0x7f));
}

static inline uint64_t controls_of(const char *at)
{
    return controls_of_16(at) | controls_of_16(at + 16) << 16 |
           controls_of_16(at + 32) << 32 | controls_of_16(at + 48) << 48;
}

/* Of a block that the head may end in. */
static uint64_t controls_of_block(const char *at, size_t left)
{
    char end[BLOCK];
    if (left >= BLOCK)
        return controls_of(at);
    memset(end, ' ', sizeof end);
    memcpy(end, at, left);
    return controls_of(end);
}

/* The next control character, or `length`. */
static inline size_t next_control(struct marks *m)
{
    while (m->mask == 0) {
        if (m->length - m->block <= BLOCK)
            return m->length;
        m->block += BLOCK;
        m->mask = controls_of_block(m->at + m->block, m->length - m->block);
    }
    size_t at = m->block + lowest_bit(m->mask);
    m->mask &= m->mask - 1;
    return at;
}

/* false: it does not end here, or not with CR LF. */
static inline bool next_line(struct marks *m, struct slice *ret_line)
{
    size_t cr;
    do /* the LF of the line before comes first */
        cr = next_control(m);
    while (cr < m->line);
    if (m->length - cr < 2 || memcmp(m->at + cr, "\r\n", 2) != 0)
        return false;
    *ret_line = (struct slice){m->at + m->line, cr - m->line};
    m->line = cr + 2;
    return true;
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

static bool take_request_line(struct http_request *r, struct slice line)
{
    static const char VERSION[] = " HTTP/1.1";
    size_t version = sizeof VERSION - 1;
    if (!take_method(r, &line) || line.length < version)
        return false;
    struct slice target = {line.at, line.length - version};
    if (memcmp(target.at + target.length, VERSION, version) != 0 ||
        target.length > HTTP_TARGET_MAX ||
        slice_find_either(target, ' ', '#') < target.length)
        return false;
    r->target = r->query = target;
    r->path = slice_cut(&r->query, '?');
    return true;
}

/* --- The headers --- */

struct values {
    uint32_t seen;           /* one bit a field                             */
    struct slice of[FIELDS]; /* only of those: clearing all costs a header  */
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

/* The bytes of a header's name at the beginning of the line, and which it is. `readable`
 * bytes of the head are there from its first on: a line that ends earlier is told by its CR,
 * which is no name's. */
static inline size_t take_name(struct slice line, size_t readable,
                               enum http_field *ret_field)
{
    size_t length = 0;

    if (readable >= 16) {
        bytes16 b = bytes16_load(line.at), lower = b | bytes16_all(0x20);
        length = name_bytes(b, lower);
        if (length < 16) {
            *ret_field = http_field_of_16(line.at, lower, length);
            return length;
        }
    }
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

static struct slice trim(struct slice value)
{
    while (value.length > 0 && value.at[0] == ' ')
        value = (struct slice){value.at + 1, value.length - 1};
    while (value.length > 0 && value.at[value.length - 1] == ' ')
        value.length--;
    return value;
}

static inline bool take_header(struct values *v, struct slice line, size_t readable)
{
    enum http_field field;
    size_t colon = take_name(line, readable, &field);
    if (colon == 0 || line.at[colon] != ':') /* behind the line is its CR */
        return false;
    if (field == FIELD_OTHER)
        return true;
    if (((v->seen | NOT_PLAIN) & 1u << field) != 0)
        return false; /* twice, or not for us */
    v->seen |= 1u << field;
    v->of[field] = trim((struct slice){line.at + colon + 1, line.length - colon - 1});
    return true;
}

static struct slice value_of(const struct values *v, enum http_field field)
{
    return (v->seen & 1u << field) != 0 ? v->of[field] : (struct slice){NULL, 0};
}

static bool take_connection(struct http_request *r, const struct values *v)
{
    struct slice connection = value_of(v, FIELD_CONNECTION);
    r->keep_alive = (v->seen & 1u << FIELD_CONNECTION) == 0 ||
                    slice_equal(connection, SLICE("keep-alive")) ||
                    slice_equal_nocase(connection, SLICE("keep-alive"));
    return r->keep_alive || slice_equal_nocase(connection, SLICE("close"));
}

/* What is behind the head begins with it. */
static bool take_body(struct http_request *r, const struct values *v, struct slice rest)
{
    uint64_t length = 0;
    if ((v->seen & 1u << FIELD_CONTENT_LENGTH) != 0 &&
        slice_number(value_of(v, FIELD_CONTENT_LENGTH), &length) != 0)
        return false;
    r->body = (struct slice){rest.at, length};
    return length <= HTTP_BODY_MAX && length <= rest.length;
}

static bool take_values(struct http_request *r, const struct values *v)
{
    r->host = value_of(v, FIELD_HOST);
    r->origin = value_of(v, FIELD_ORIGIN);
    r->referer = value_of(v, FIELD_REFERER);
    r->user_agent = value_of(v, FIELD_USER_AGENT);
    r->accept_language = value_of(v, FIELD_ACCEPT_LANGUAGE);
    r->accept_encoding = value_of(v, FIELD_ACCEPT_ENCODING);
    r->forwarded_for = value_of(v, FIELD_FORWARDED_FOR);
    r->authorization = value_of(v, FIELD_AUTHORIZATION);
    r->content_type = value_of(v, FIELD_CONTENT_TYPE);
    r->if_none_match = value_of(v, FIELD_IF_NONE_MATCH);
    r->dnt = value_of(v, FIELD_DNT);
    r->gpc = value_of(v, FIELD_GPC);
    r->purpose = value_of(v, FIELD_PURPOSE);
    return is_plain_host(r->host);
}

/* --- All of it --- */

bool http_plain_take(struct slice bytes, struct http_request *ret_request,
                     size_t *ret_used)
{
    struct marks m = {.at = bytes.at, .length = bytes.length};
    struct values v;
    struct slice line;

    v.seen = 0;
    if (m.length > HTTP_HEAD_MAX)
        m.length = HTTP_HEAD_MAX;
    if (m.length == 0)
        return false;
    m.mask = controls_of_block(m.at, m.length);
    for (unsigned lines = 0;; lines++) {
        if (!next_line(&m, &line))
            return false;
        if (line.length == 0)
            break;
        if (lines == 0 ? !take_request_line(ret_request, line)
                       : lines > HTTP_HEADERS_MAX ||
                             !take_header(&v, line, m.length - (size_t)(line.at - m.at)))
            return false;
    }
    struct slice rest = {bytes.at + m.line, bytes.length - m.line};
    if (!take_values(ret_request, &v) || !take_connection(ret_request, &v) ||
        !take_body(ret_request, &v, rest))
        return false;
    ret_request->expects_continue = false;
    *ret_used = m.line + ret_request->body.length;
    return true;
}
