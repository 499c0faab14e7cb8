#include "answer/respond.h"

#include <stdio.h>

#include "base/date.h"
#include "base/error.h"
#include "report/json.h"

static const char *reason_phrase(unsigned status)
{
    static const struct {
        unsigned status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {415, "Unsupported Media Type"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };

    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Unknown";
}

/* RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT". */
static void date_header(struct buffer *out, struct instant now)
{
    static const char days[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t second = instant_seconds(now), day = second / 86400 - (second % 86400 < 0);
    struct date date = date_of_day(day);

    second -= day * 86400;
    buffer_format(out, "Date: %s, %02u %s %04d %02d:%02d:%02d GMT\r\n",
                  days[weekday_of_day(day)], date.day, months[date.month - 1], date.year,
                  (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
}

static void header(struct buffer *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    buffer_text(out, name);
    buffer_text(out, ": ");
    buffer_text(out, value);
    buffer_text(out, "\r\n");
}

static void cors_headers(struct buffer *out, const struct respond *r)
{
    if (r->origin.length == 0)
        return;
    buffer_text(out, "Access-Control-Allow-Origin: ");
    buffer_slice(out, r->origin);
    buffer_text(out, "\r\n");
    if (r->preflight != NULL) {
        header(out, "Access-Control-Allow-Methods", r->preflight);
        header(out, "Access-Control-Allow-Headers",
               r->authorization ? "Authorization" : "Content-Type");
        header(out, "Access-Control-Max-Age", "86400");
    } else if (r->has_outcome && outcome_class(r->outcome) != OUTCOME_COUNTED) {
        /* There is a reason to read; 41 bytes less for whom there is none. */
        header(out, "Access-Control-Expose-Headers", "X-Luot");
    }
}

static void outcome_header(struct buffer *out, enum outcome outcome)
{
    enum outcome_class class = outcome_class(outcome);

    buffer_text(out, "X-Luot: ");
    buffer_text(out, outcome_class_word(class));
    if (class != OUTCOME_COUNTED) {
        buffer_text(out, "; reason=");
        buffer_text(out, outcome_word(outcome));
    }
    buffer_text(out, "\r\n");
}

static void vary_header(struct buffer *out, const struct respond *r)
{
    static const char encoding[] = "Accept-Encoding";

    if (r->vary != NULL && r->vary_encoding)
        buffer_format(out, "Vary: %s, %s\r\n", r->vary, encoding);
    else
        header(out, "Vary", r->vary_encoding ? encoding : r->vary);
}

static void head(struct buffer *out, const struct respond *r, size_t length)
{
    bool has_body = r->status != 204 && r->status != 304;

    buffer_text(out, "HTTP/1.1 ");
    buffer_number(out, r->status);
    buffer_byte(out, ' ');
    buffer_text(out, reason_phrase(r->status));
    buffer_text(out, "\r\n");
    date_header(out, r->now);
    header(out, "Connection", r->keep_alive && !r->endless ? "keep-alive" : "close");
    header(out, "Cache-Control", r->cache == NULL ? "no-store" : r->cache);
    header(out, "X-Content-Type-Options", "nosniff");
    header(out, "ETag", r->etag);
    vary_header(out, r);
    header(out, "Allow", r->allow);
    header(out, "WWW-Authenticate", r->authenticate);
    cors_headers(out, r);
    if (r->has_outcome)
        outcome_header(out, r->outcome);
    if (r->retry_after_s > 0)
        buffer_format(out, "Retry-After: %u\r\n", r->retry_after_s);
    if (has_body) {
        header(out, "Content-Type", r->type);
        header(out, "Content-Encoding", r->encoding);
        header(out, "Content-Security-Policy", r->policy);
        if (r->policy != NULL)
            header(out, "Referrer-Policy", "no-referrer");
        if (r->endless)
            header(out, "X-Accel-Buffering", "no");
        else
            buffer_format(out, "Content-Length: %zu\r\n", length);
    }
    buffer_text(out, "\r\n");
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
    snprintf(ret_etag, ETAG_MAX, "W/\"%016llx\"", (unsigned long long)hash);
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
