/* Floor 1 (parse). The requests that browsers, proxies and back ends send, in one pass:
 * GET, HEAD or POST of a path, HTTP/1.1, each header once, Content-Length or no body, and
 * all of it received. Everything else is declined, not refused: http_request.h's readers
 * say then what is wrong with it, if anything is.
 *
 * The promise is that of a shortcut: what is taken here would be taken there, with every
 * slice the same (tests/fuzz/fuzz_http_plain.c compares the two). Pure. */
#ifndef LUOT_PARSE_HTTP_PLAIN_H
#define LUOT_PARSE_HTTP_PLAIN_H

#include "parse/http_request.h"

/* Whether `bytes` begin with a plain request: *ret_request, in the first *ret_used
 * bytes. Where they do not, *ret_request is anything: a copy of it would cost what several
 * headers do. */
bool http_plain_take(struct slice bytes, struct http_request *ret_request,
                     size_t *ret_used);

#endif
