/* Floor 1 (parse). HTTP/1.x requests out of a connection's own buffer, by llhttp
 * (strict), with our limits on top; those that are plain (http_plain.h) without it.
 *
 * The caller keeps the bytes of the request being received contiguous at one address
 * (they may grow at the end between calls, and the whole may be moved: slices are only
 * made when a request is complete). Pure: no clock, no heap, no I/O. */
#ifndef LUOT_PARSE_HTTP_REQUEST_H
#define LUOT_PARSE_HTTP_REQUEST_H

#include <llhttp.h>

#include "parse/http_lines.h"

enum {
    HTTP_TARGET_MAX = 4096, /* bytes of the request target: 414       */
    HTTP_HEAD_MAX = 12288,  /* bytes of request line and headers: 431 */
    HTTP_HEADERS_MAX = 64,  /* header fields: 431                     */
    HTTP_BODY_MAX = 65536   /* bytes: 413                             */
};

enum http_method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OPTIONS, METHOD_OTHER };

struct http_request {
    enum http_method method;
    struct slice target;  /* as sent                                          */
    struct slice path;    /* target up to '?', absolute-form's origin removed */
    struct slice query;   /* behind the first '?', may be empty               */
    struct slice host;    /* header values, empty when absent; of a repeated  */
    struct slice origin;  /* header the first counts, except X-Forwarded-For, */
    struct slice referer; /* of which the last line counts                    */
    struct slice user_agent;
    struct slice accept_language;
    struct slice accept_encoding;
    struct slice forwarded_for;
    struct slice authorization;
    struct slice content_type;
    struct slice if_none_match;
    struct slice dnt;
    struct slice gpc;     /* Sec-GPC                       */
    struct slice purpose; /* Purpose, Sec-Purpose or X-Moz */
    struct slice body;
    bool keep_alive;
    bool expects_continue; /* Expect: 100-continue */
};

/* The parser's state over one request; opaque but open for embedding in a connection.
 * Everything is an offset into the caller's buffer: a span arrives in pieces when the
 * request does, and the buffer may move in between. */
struct http_parser {
    llhttp_t llhttp;         /* first: its callbacks find us by it             */
    struct http_lines lines; /* the scan that goes ahead of llhttp             */
    const char *base;        /* the buffer, during a call only                 */
    uint32_t fed;            /* bytes of the buffer llhttp has seen            */
    uint32_t body_length;    /* Content-Length, once in_body                   */
    uint32_t span[24][2];    /* offset and length of each part, by field       */
    uint32_t seen;           /* one bit a field: it was there, even if empty   */
    int field;               /* the field that the value being read belongs to */
    int refuse;              /* HTTP status we answer before closing, or 0     */
    bool head_read, in_body, expects_continue;
};

void http_parser_init(struct http_parser *p);
/* Ready for the next request; costs nothing when the last one was plain. */
void http_parser_next(struct http_parser *p);
/* Feeds what is new in `bytes` (all bytes of the request so far, from its first). Returns
 *   0               complete: *ret_request is filled, *ret_used bytes belong to it;
 *                   http_parser_next before the next one
 *   ERR_PARTIAL     needs more
 *   ERR_MALFORMED   or ERR_TOO_LONG: *ret_status is what to answer before closing (400,
 *                   413, 414, 417, 431, 501, 505) */
int http_parser_feed(struct http_parser *p, struct slice bytes,
                     struct http_request *ret_request, size_t *ret_used,
                     unsigned *ret_status);
/* Whether the head is complete and the body is being awaited (for the deadlines). */
bool http_parser_in_body(const struct http_parser *p);
/* Whether the sender waits for "100 Continue" before it sends the body. Meaningful once
 * http_parser_in_body. */
bool http_parser_expects_continue(const struct http_parser *p);

#endif
