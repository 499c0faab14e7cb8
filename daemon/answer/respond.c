#include "answer/respond.h"

#include "base/date.h"
#include "base/error.h"
#include "report/json.h"

/* What is written for nearly every answer is text whose length the compiler knows. */
#define TEXT(out, literal) buffer_bytes((out), literal, sizeof(literal) - 1)

static void status_line(struct buffer *out, unsigned status)
{
#define LINE(literal)                                                                    \
    {                                                                                    \
        literal, sizeof(literal) - 1                                                     \
    }
    static const struct {
        unsigned status;
        struct slice line;
    } lines[] = {
        {200, LINE("HTTP/1.1 200 OK\r\n")},
        {204, LINE("HTTP/1.1 204 No Content\r\n")},
        {304, LINE("HTTP/1.1 304 Not Modified\r\n")},
        {400, LINE("HTTP/1.1 400 Bad Request\r\n")},
        {401, LINE("HTTP/1.1 401 Unauthorized\r\n")},
        {403, LINE("HTTP/1.1 403 Forbidden\r\n")},
        {404, LINE("HTTP/1.1 404 Not Found\r\n")},
        {405, LINE("HTTP/1.1 405 Method Not Allowed\r\n")},
        {415, LINE("HTTP/1.1 415 Unsupported Media Type\r\n")},
        {500, LINE("HTTP/1.1 500 Internal Server Error\r\n")},
        {503, LINE("HTTP/1.1 503 Service Unavailable\r\n")},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (lines[i].status == status) {
            buffer_slice(out, lines[i].line);
            return;
        }
    TEXT(out, "HTTP/1.1 ");
    buffer_number(out, status);
    TEXT(out, " Unknown\r\n");
}

/* RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT". */
static void date_format(struct buffer *out, int64_t second)
{
    static const char days[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t day = second / 86400 - (second % 86400 < 0);
    struct date date = date_of_day(day);

    second -= day * 86400;
    buffer_format(out, "Date: %s, %02u %s %04d %02d:%02d:%02d GMT\r\n",
                  days[weekday_of_day(day)], date.day, months[date.month - 1], date.year,
                  (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
}

static void date_header(struct buffer *out, const struct respond *r)
{
    int64_t second = instant_seconds(r->now);
    struct date_line *line = r->date;
    struct buffer b;

    if (line == NULL) {
        date_format(out, second);
        return;
    }
    if (line->length == 0 || line->second != second) {
        buffer_init(&b, line->text, sizeof line->text);
        date_format(&b, second);
        line->second = second;
        line->length = b.length;
    }
    buffer_bytes(out, line->text, line->length);
}

static void named(struct buffer *out, struct slice name, const char *value)
{
    if (value == NULL)
        return;
    buffer_slice(out, name);
    buffer_text(out, value);
    TEXT(out, "\r\n");
}

/* The name with its colon, as it stands in the head. */
#define HEADER(out, name, value) named((out), SLICE(name ": "), (value))

static void cors_headers(struct buffer *out, const struct respond *r)
{
    if (r->origin.length == 0)
        return;
    TEXT(out, "Access-Control-Allow-Origin: ");
    buffer_slice(out, r->origin);
    TEXT(out, "\r\n");
    if (r->preflight != NULL) {
        HEADER(out, "Access-Control-Allow-Methods", r->preflight);
        HEADER(out, "Access-Control-Allow-Headers",
               r->authorization ? "Authorization" : "Content-Type");
        HEADER(out, "Access-Control-Max-Age", "86400");
    } else if (r->has_outcome && outcome_class(r->outcome) != OUTCOME_COUNTED) {
        /* There is a reason to read; 41 bytes less for whom there is none. */
        HEADER(out, "Access-Control-Expose-Headers", "X-Luot");
    }
}

static void outcome_header(struct buffer *out, enum outcome outcome)
{
    enum outcome_class class = outcome_class(outcome);

    TEXT(out, "X-Luot: ");
    buffer_text(out, outcome_class_word(class));
    if (class != OUTCOME_COUNTED) {
        TEXT(out, "; reason=");
        buffer_text(out, outcome_word(outcome));
    }
    TEXT(out, "\r\n");
}

static void vary_header(struct buffer *out, const struct respond *r)
{
    static const char encoding[] = "Accept-Encoding";

    if (r->vary != NULL && r->vary_encoding)
        buffer_format(out, "Vary: %s, %s\r\n", r->vary, encoding);
    else
        HEADER(out, "Vary", r->vary_encoding ? encoding : r->vary);
}

static void body_headers(struct buffer *out, const struct respond *r, size_t length)
{
    HEADER(out, "Content-Type", r->type);
    HEADER(out, "Content-Encoding", r->encoding);
    HEADER(out, "Content-Security-Policy", r->policy);
    if (r->policy != NULL)
        TEXT(out, "Referrer-Policy: no-referrer\r\n");
    if (r->endless) {
        TEXT(out, "X-Accel-Buffering: no\r\n");
        return;
    }
    TEXT(out, "Content-Length: ");
    buffer_number(out, length);
    TEXT(out, "\r\n");
}

static void head(struct buffer *out, const struct respond *r, size_t length)
{
    status_line(out, r->status);
    date_header(out, r);
    if (!r->keep_alive ||
        r->endless) /* HTTP/1.1, which alone is kept open, says the other */
        TEXT(out, "Connection: close\r\n");
    HEADER(out, "Cache-Control", r->cache == NULL ? "no-store" : r->cache);
    TEXT(out, "X-Content-Type-Options: nosniff\r\n");
    HEADER(out, "ETag", r->etag);
    vary_header(out, r);
    HEADER(out, "Allow", r->allow);
    HEADER(out, "WWW-Authenticate", r->authenticate);
    cors_headers(out, r);
    if (r->has_outcome)
        outcome_header(out, r->outcome);
    if (r->retry_after_s > 0)
        buffer_format(out, "Retry-After: %u\r\n", r->retry_after_s);
    if (r->status != 204 && r->status != 304)
        body_headers(out, r, length);
    TEXT(out, "\r\n");
}

void respond_body(struct buffer *ret_body, const struct buffer *out)
{
    size_t from = out->length + RESPOND_HEAD_MAX;

    buffer_init(ret_body, out->at + (from < out->limit ? from : out->limit),
                from < out->limit ? out->limit - from : 0);
    ret_body->error = out->error;
}

void respond_write(struct buffer *out, const struct respond *r, struct slice body)
{
    char memory[RESPOND_HEAD_MAX];
    struct buffer b;
    bool has_body = r->status != 204 && r->status != 304 && !r->head_only;

    buffer_init(&b, memory, sizeof memory);
    head(&b, r, body.length);
    if (buffer_error(&b) != 0 || out->error != 0 ||
        b.length + body.length > out->limit - out->length) {
        out->error = ERR_FULL;
        return;
    }
    if (has_body && body.length > 0)
        memmove(out->at + out->length + b.length, body.at, body.length);
    buffer_slice(out, buffer_written(&b));
    if (has_body)
        out->length += body.length;
}

void respond_error(struct buffer *out, struct respond *r, unsigned status,
                   const char *reason, const char *message)
{
    char memory[1024];
    struct buffer body;
    struct json_out j;

    buffer_init(&body, memory, sizeof memory);
    json_out_init(&j, &body);
    json_out_object(&j, NULL);
    json_out_object(&j, "error");
    json_out_text(&j, "reason", reason);
    json_out_text(&j, "message", message);
    json_out_object_end(&j);
    json_out_object_end(&j);
    buffer_byte(&body, '\n');
    r->status = status;
    r->type = "application/json";
    r->cache = NULL;
    r->etag = NULL;
    r->policy = NULL;
    r->encoding = NULL;
    r->vary_encoding = false;
    respond_write(out, r, buffer_written(&body));
}

void etag_weak(char ret_etag[ETAG_MAX], uint64_t hash)
{
    static const char digits[] = "0123456789abcdef";
    char *at = ret_etag;

    memcpy(at, "W/\"", 3);
    at += 3;
    for (int shift = 60; shift >= 0; shift -= 4)
        *at++ = digits[hash >> shift & 15];
    memcpy(at, "\"", 2); /* and its NUL */
}

static struct slice opaque_part(struct slice etag)
{
    etag = slice_trim(etag);
    if (slice_starts(etag, SLICE("W/")))
        etag = (struct slice){etag.at + 2, etag.length - 2};
    return etag;
}

bool etag_matches(struct slice if_none_match, const char *etag)
{
    if (slice_equal(slice_trim(if_none_match), SLICE("*")))
        return true;
    while (if_none_match.length > 0)
        if (slice_equal(opaque_part(slice_cut(&if_none_match, ',')),
                        opaque_part(slice_of(etag))))
            return true;
    return false;
}
