/* Floor 1 (parse). The head of an HTTP/1.x request as lines and limits, before any
 * grammar: every line ends in CRLF, none is folded, the request line is METHOD SP TARGET
 * SP HTTP/1.x, and nothing is longer than http_request.h says. */
#ifndef LUOT_PARSE_HTTP_LINES_H
#define LUOT_PARSE_HTTP_LINES_H

#include "base/slice.h"

/* Offsets into the caller's buffer, from the first byte of the request. Begins as all
 * zeros. */
struct http_lines {
    uint32_t scanned;      /* bytes in which we have looked for the ends of lines  */
    uint32_t line;         /* where the line being received begins                 */
    uint32_t head_end;     /* where the body begins, once the empty line was there */
    unsigned headers;      /* header lines so far                                  */
    bool has_request_line; /* empty lines in front of it are skipped               */
};

/* Scans what is new in `bytes`. Returns how many of them are good so far; *ret_status is
 * the HTTP status that refuses the next one, or 0. Stops at head_end. However the bytes
 * arrive in pieces, the same byte is refused. */
uint32_t http_lines_scan(struct http_lines *l, struct slice bytes, int *ret_status);

/* "http://..." or "https://...", any case. */
bool http_target_is_absolute(struct slice target);

#endif
