/* Two readers see the bytes of a head. `http_lines` knows only lines: it enforces CRLF,
 * our limits and what llhttp is too kind about (folded lines, HTTP/0.9, odd targets).
 * llhttp reads what the scan let through and knows the grammar. The scan runs first and
 * names the first byte it refuses; llhttp is then shown all bytes before that one. So
 * whoever objects to the earlier byte decides, and the answer never depends on how the
 * bytes were cut into pieces.
 *
 * Before them comes http_plain: a request that is there as a whole and has nothing unusual
 * in it is read in one pass, and these two never see it. It takes only what they would
 * have taken, and makes the same of it.
 *
 * The body is counted by us: without Transfer-Encoding, which a beacon never needs and we
 * refuse by name, it is simply the Content-Length bytes behind the head. */
#include "parse/http_request.h"

#include <assert.h>

#include "base/error.h"
#include "parse/http_field.h"
#include "parse/http_plain.h"
#include "parse/url.h"

/* What is not a header: the request target, and the name being read. What we do not keep
 * goes to FIELD_OTHER. */
enum { FIELD_TARGET = FIELD_OTHER + 1, FIELD_NAME };
static_assert(FIELD_NAME < sizeof((struct http_parser *)0)->span / sizeof(uint32_t[2]),
              "every field needs its span");

/* --- llhttp's callbacks --- */

static struct http_parser *parser_of(llhttp_t *llhttp)
{
    return (struct http_parser *)llhttp;
}

static struct slice part(const struct http_parser *p, int field)
{
    return (struct slice){p->base + p->span[field][0], p->span[field][1]};
}

static void extend(struct http_parser *p, int field, const char *at, size_t length)
{
    uint32_t offset = (uint32_t)(at - p->base);
    if (p->span[field][1] == 0)
        p->span[field][0] = offset;
    p->span[field][1] = offset + (uint32_t)length - p->span[field][0];
}

static int on_url(llhttp_t *llhttp, const char *at, size_t length)
{
    extend(parser_of(llhttp), FIELD_TARGET, at, length);
    return 0;
}

static int on_header_field(llhttp_t *llhttp, const char *at, size_t length)
{
    extend(parser_of(llhttp), FIELD_NAME, at, length);
    return 0;
}

static int on_header_field_complete(llhttp_t *llhttp)
{
    struct http_parser *p = parser_of(llhttp);
    int field = (int)http_field_of(part(p, FIELD_NAME));
    bool repeated = (p->seen & 1u << field) != 0;

    p->span[FIELD_NAME][1] = 0;
    if (field == FIELD_TRANSFER_ENCODING)
        p->refuse = 501;
    else if (repeated && (field == FIELD_HOST || field == FIELD_CONTENT_LENGTH))
        p->refuse = 400;
    if (p->refuse != 0)
        return -1;
    if (repeated && field != FIELD_FORWARDED_FOR)
        field = FIELD_OTHER; /* the first counts */
    p->seen |= 1u << field;
    p->span[field][1] = 0;
    p->field = field;
    return 0;
}

static int on_header_value(llhttp_t *llhttp, const char *at, size_t length)
{
    struct http_parser *p = parser_of(llhttp);
    extend(p, p->field, at, length);
    return 0;
}

static int on_headers_complete(llhttp_t *llhttp)
{
    parser_of(llhttp)->head_read = true;
    return HPE_PAUSED; /* the body is ours */
}

static const llhttp_settings_t SETTINGS = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_field_complete = on_header_field_complete,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
};

void http_parser_init(struct http_parser *p)
{
    memset(p, 0, sizeof *p);
    p->field = FIELD_OTHER;
    llhttp_init(&p->llhttp, HTTP_REQUEST, &SETTINGS);
}

/* --- The head as a whole --- */

static bool is_valid_host(struct slice host)
{
    return slice_find(host, '@') == host.length &&
           !slice_is_empty(url_authority_host(host));
}

static struct slice value_of(const struct http_parser *p, int field)
{
    return slice_trim(part(p, field));
}

static int check_host(const struct http_parser *p)
{
    if ((p->seen & 1u << FIELD_HOST) == 0)
        return p->llhttp.http_minor == 1 ? 400 : 0;
    return is_valid_host(value_of(p, FIELD_HOST)) ? 0 : 400;
}

static int take_content_length(struct http_parser *p)
{
    uint64_t length = 0;
    if ((p->seen & 1u << FIELD_CONTENT_LENGTH) != 0) {
        int rv = slice_number(value_of(p, FIELD_CONTENT_LENGTH), &length);
        if (rv == ERR_MALFORMED)
            return 400;
        if (rv != 0 || length > HTTP_BODY_MAX)
            return 413;
    }
    p->body_length = (uint32_t)length;
    return 0;
}

/* HTTP/1.0 knows no Expect and must not be answered 100. */
static int take_expect(struct http_parser *p)
{
    if ((p->seen & 1u << FIELD_EXPECT) == 0 || p->llhttp.http_minor == 0)
        return 0;
    p->expects_continue =
        slice_equal_nocase(value_of(p, FIELD_EXPECT), SLICE("100-continue"));
    return p->expects_continue ? 0 : 417;
}

/* Path and query; of an absolute target also the host, which overrules the header (RFC
 * 9112, 3.2.2). */
static int split_target(struct http_request *r)
{
    struct slice rest = r->target;
    if (http_target_is_absolute(rest)) {
        size_t origin = slice_find(rest, ':') + 3;
        size_t end = origin;
        while (end < rest.length && strchr("/?#", rest.at[end]) == NULL)
            end++;
        r->host = (struct slice){rest.at + origin, end - origin};
        if (!is_valid_host(r->host))
            return 400;
        rest = (struct slice){rest.at + end, rest.length - end};
    }
    rest.length = slice_find(rest, '#');
    r->path = slice_cut(&rest, '?');
    r->query = rest;
    if (slice_is_empty(r->path))
        r->path = SLICE("/");
    return 0;
}

static int check_target(const struct http_parser *p)
{
    struct http_request request = {.target = part(p, FIELD_TARGET)};
    return split_target(&request);
}

static int finish_head(struct http_parser *p)
{
    int status = check_target(p);
    if (status == 0)
        status = check_host(p);
    if (status == 0)
        status = take_content_length(p);
    if (status == 0)
        status = take_expect(p);
    p->in_body = status == 0;
    return status;
}

static int status_of_error(llhttp_errno_t error)
{
    return error == HPE_INVALID_VERSION ? 505 : 400;
}

static void read_head(struct http_parser *p, struct slice bytes)
{
    int status = 0;
    uint32_t end = http_lines_scan(&p->lines, bytes, &status);
    if (end > p->fed) {
        llhttp_errno_t error =
            llhttp_execute(&p->llhttp, bytes.at + p->fed, end - p->fed);
        p->fed = end;
        if (p->refuse == 0 && error != HPE_OK && !p->head_read)
            p->refuse = status_of_error(error);
    }
    if (p->refuse == 0)
        p->refuse = status;
    if (p->refuse == 0 && p->lines.head_end != 0)
        p->refuse = p->head_read ? finish_head(p) : 400;
}

/* --- The request --- */

static enum http_method method_of(unsigned method)
{
    switch (method) {
    case HTTP_GET:
        return METHOD_GET;
    case HTTP_HEAD:
        return METHOD_HEAD;
    case HTTP_POST:
        return METHOD_POST;
    case HTTP_OPTIONS:
        return METHOD_OPTIONS;
    default:
        return METHOD_OTHER;
    }
}

static void fill(struct http_request *r, const struct http_parser *p)
{
    *r = (struct http_request){
        .method = method_of(p->llhttp.method),
        .target = part(p, FIELD_TARGET),
        .host = value_of(p, FIELD_HOST),
        .origin = value_of(p, FIELD_ORIGIN),
        .referer = value_of(p, FIELD_REFERER),
        .user_agent = value_of(p, FIELD_USER_AGENT),
        .accept_language = value_of(p, FIELD_ACCEPT_LANGUAGE),
        .accept_encoding = value_of(p, FIELD_ACCEPT_ENCODING),
        .forwarded_for = value_of(p, FIELD_FORWARDED_FOR),
        .authorization = value_of(p, FIELD_AUTHORIZATION),
        .content_type = value_of(p, FIELD_CONTENT_TYPE),
        .if_none_match = value_of(p, FIELD_IF_NONE_MATCH),
        .dnt = value_of(p, FIELD_DNT),
        .gpc = value_of(p, FIELD_GPC),
        .purpose = value_of(p, FIELD_PURPOSE),
        .body = {p->base + p->lines.head_end, p->body_length},
        .keep_alive = llhttp_should_keep_alive(&p->llhttp) != 0,
        .expects_continue = p->expects_continue,
    };
    split_target(r); /* cannot fail: check_target did it once */
}

static int refused(const struct http_parser *p, unsigned *ret_status)
{
    bool too_long = p->refuse == 413 || p->refuse == 414 || p->refuse == 431;
    *ret_status = (unsigned)p->refuse;
    return too_long ? ERR_TOO_LONG : ERR_MALFORMED;
}

/* Nothing of the request was shown to it yet. */
static bool is_untouched(const struct http_parser *p)
{
    return p->lines.scanned == 0 && p->refuse == 0;
}

void http_parser_next(struct http_parser *p)
{
    if (!is_untouched(p))
        http_parser_init(p);
}

int http_parser_feed(struct http_parser *p, struct slice bytes,
                     struct http_request *ret_request, size_t *ret_used,
                     unsigned *ret_status)
{
    if (is_untouched(p) && http_plain_take(bytes, ret_request, ret_used))
        return 0;
    p->base = bytes.at;
    if (p->refuse == 0 && !p->in_body && bytes.length > 0)
        read_head(p, bytes);
    if (p->refuse != 0)
        return refused(p, ret_status);
    if (!p->in_body || bytes.length - p->lines.head_end < p->body_length)
        return ERR_PARTIAL;
    fill(ret_request, p);
    *ret_used = (size_t)p->lines.head_end + p->body_length;
    return 0;
}

bool http_parser_in_body(const struct http_parser *p)
{
    return p->in_body;
}

bool http_parser_expects_continue(const struct http_parser *p)
{
    return p->expects_continue;
}
