/* Floor 0 (base). A bounded writer into the caller's memory. It remembers its first
 * error: write straight down and ask buffer_error() once at the end. Never allocates. */
#ifndef LUOT_BASE_BUFFER_H
#define LUOT_BASE_BUFFER_H

#include "base/slice.h"

struct buffer {
    char *at;      /* the caller's memory                            */
    size_t length; /* bytes written so far                           */
    size_t limit;  /* bytes there are                                */
    int error;     /* 0, or the first error; later writes do nothing */
};

void buffer_init(struct buffer *b, char *memory, size_t limit);
void buffer_byte(struct buffer *b, char c);
void buffer_bytes(struct buffer *b, const void *at, size_t length);
void buffer_slice(struct buffer *b, struct slice s);
void buffer_text(struct buffer *b, const char *text);
void buffer_number(struct buffer *b, uint64_t number);
void buffer_signed(struct buffer *b, int64_t number);
/* `digits` decimals, rounded to nearest, '.' whatever the locale is. NaN and the
 * infinities write "null". At most 20 digits; nothing is ever written as "-0". */
void buffer_decimal(struct buffer *b, double number, unsigned digits);
/* Lower case. */
void buffer_hex(struct buffer *b, const void *at, size_t length);
/* Needs one byte more than it writes (printf's NUL). */
void buffer_format(struct buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes: invalid UTF-8 becomes U+FFFD; the quote, the
 * backslash, C0, DEL, '<', '>', '&', U+2028 and U+2029 are escaped, so it is safe
 * inside HTML too. */
void buffer_json(struct buffer *b, struct slice s);
/* For HTML text and quoted attributes; invalid UTF-8 and control bytes become U+FFFD. */
void buffer_html(struct buffer *b, struct slice s);
/* For a log field: quoted; controls, quotes, backslashes and invalid UTF-8 as \xNN; cut
 * at 512 bytes between the quotes, never inside a character or an escape. */
void buffer_log_field(struct buffer *b, struct slice s);
struct slice buffer_written(const struct buffer *b);
/* 0, or ERR_FULL if anything did not fit. */
int buffer_error(const struct buffer *b);

#endif
