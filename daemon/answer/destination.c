#include "answer/destination.h"

#include <stdio.h>
#include <stdlib.h>

#include "answer/gzip.h"
#include "base/error.h"
#include "base/forget.h"
#include "report/document.h"

const char *store_error_message(int code)
{
    if (code == ERR_NOSPACE)
        return "the store's disk is full; free some space and try again";
    if (code == ERR_TIMEOUT)
        return "the store took too long; try again, or ask for less";
    if (code == ERR_RANGE)
        return "that is an empty range, or more than 10,000 points; ask for a shorter "
               "range or a longer step";
    if (code == ERR_CANCELED)
        return "luotd is stopping; try again in a moment";
    return error_text(code);
}

/* --- The console --- */

char *console_answer(struct slice body, size_t *ret_length)
{
    size_t stuffed = 0, n = 0;
    char *bytes;

    for (size_t i = 0; i < body.length; i++)
        stuffed += body.at[i] == '.' && (i == 0 || body.at[i - 1] == '\n');
    bytes = malloc(body.length + stuffed + sizeof "\n.\n");
    if (bytes == NULL)
        return NULL;
    for (size_t i = 0; i < body.length; i++) {
        if (body.at[i] == '.' && (i == 0 || body.at[i - 1] == '\n'))
            bytes[n++] = '.';
        bytes[n++] = body.at[i];
    }
    if (n > 0 && bytes[n - 1] != '\n')
        bytes[n++] = '\n';
    bytes[n++] = '.';
    bytes[n++] = '\n';
    *ret_length = n;
    return bytes;
}

static void console_send(const struct destination *to, struct slice answer)
{
    to->service->reply_console(to->service->context, to->token, answer);
}

static void console_document(const struct destination *to, struct slice body)
{
    size_t length;
    char *bytes = console_answer(body, &length);

    if (bytes == NULL) {
        console_send(to, SLICE("ERR memory there is not enough memory; try again\n.\n"));
        return;
    }
    console_send(to, (struct slice){bytes, length});
    forget_free(bytes, length);
}

/* One line, whatever the message holds. */
static void console_error(const struct destination *to, const char *reason,
                          const char *message)
{
    char memory[1400];
    struct buffer b;

    buffer_init(&b, memory, sizeof memory);
    buffer_format(&b, "ERR %s %.1200s", reason, message);
    for (size_t i = 0; i < b.length; i++)
        if ((unsigned char)memory[i] < ' ' || memory[i] == 0x7F)
            memory[i] = ' ';
    buffer_text(&b, "\n.\n");
    console_send(to, buffer_written(&b));
}

/* --- HTTP --- */

static struct respond respond_of(const struct destination *to)
{
    return (struct respond){.status = 200,
                            .keep_alive = to->keep_alive,
                            .head_only = to->head_only,
                            .now = clock_now(to->service->clock),
                            .vary = to->vary,
                            .origin = SLICE("*")};
}

static void http_send(const struct destination *to, char *bytes, const struct buffer *out,
                      unsigned status)
{
    to->service->reply_http(to->service->context, to->http, bytes, out->length, status);
}

/* net closes the connection when no memory is left: an answer without bytes. */
static void http_document(const struct destination *to, struct slice body)
{
    bool packs = to->gzip && body.length >= GZIP_MIN;
    struct gzip *own = packs && to->compressor == NULL ? gzip_new() : NULL;
    size_t limit = body.length + RESPOND_HEAD_MAX;
    struct respond r = respond_of(to);
    char *bytes = malloc(limit);
    char etag[ETAG_MAX];
    struct buffer out;

    buffer_init(&out, bytes, bytes == NULL ? 0 : limit);
    if (bytes != NULL) {
        etag_weak(etag, document_hash(body));
        r.etag = etag;
        r.type = to->csv ? "text/csv; charset=utf-8; header=present" : "application/json";
        r.cache = to->own ? NULL : "max-age=0, s-maxage=1";
        r.vary_encoding = body.length >= GZIP_MIN;
        if (etag_matches(slice_of(to->if_none_match), etag))
            r.status = 304;
        else if (packs && gzip_bytes(own != NULL ? own : to->compressor, body, &body))
            r.encoding = "gzip";
        respond_write(&out, &r, body);
    }
    gzip_free(own);
    http_send(to, bytes, &out, r.status);
}

static void http_error(const struct destination *to, unsigned status, const char *reason,
                       const char *message)
{
    struct respond r = respond_of(to);
    size_t limit = 2 * RESPOND_HEAD_MAX;
    char *bytes = malloc(limit);
    struct buffer out;

    buffer_init(&out, bytes, bytes == NULL ? 0 : limit);
    if (status == 503)
        r.retry_after_s = 1;
    if (bytes != NULL)
        respond_error(&out, &r, status, reason, message);
    http_send(to, bytes, &out, status);
}

/* --- Either --- */

void destination_document(const struct destination *to, struct slice body)
{
    if (to->console)
        console_document(to, body);
    else
        http_document(to, body);
}

void destination_error(const struct destination *to, unsigned status, const char *reason,
                       const char *message)
{
    if (to->console)
        console_error(to, reason, message);
    else
        http_error(to, status, reason, message);
}
