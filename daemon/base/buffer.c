#include "base/buffer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "base/utf8.h"

enum {
    LOG_FIELD_MAX = 512, /* bytes between the quotes                         */
    DECIMALS_MAX = 20,   /* a double has no more to say                      */
    DOUBLE_TEXT = 384    /* the sign, 309 digits, the point and DECIMALS_MAX */
};

static const char hex_digits[] = "0123456789abcdef";

void buffer_init(struct buffer *b, char *memory, size_t limit)
{
    *b = (struct buffer){.at = memory, .limit = limit};
}

void buffer_byte(struct buffer *b, char c)
{
    buffer_bytes(b, &c, 1);
}

void buffer_bytes(struct buffer *b, const void *at, size_t length)
{
    if (b->error != 0 || length == 0)
        return;
    if (length > b->limit - b->length) {
        b->error = ERR_FULL;
        return;
    }
    memcpy(b->at + b->length, at, length);
    b->length += length;
}

void buffer_slice(struct buffer *b, struct slice s)
{
    buffer_bytes(b, s.at, s.length);
}

void buffer_text(struct buffer *b, const char *text)
{
    buffer_bytes(b, text, strlen(text));
}

void buffer_number(struct buffer *b, uint64_t number)
{
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buffer_bytes(b, digits + first, sizeof digits - first);
}

void buffer_signed(struct buffer *b, int64_t number)
{
    if (number < 0)
        buffer_byte(b, '-');
    buffer_number(b, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

/* printf's digits are right in every locale, only what stands between them is not ours to
 * trust: the last `digits` bytes are the decimals, and the digits up to the first byte
 * that is none are the whole. */
void buffer_decimal(struct buffer *b, double number, unsigned digits)
{
    char text[DOUBLE_TEXT];
    if (!isfinite(number)) {
        buffer_text(b, "null");
        return;
    }
    if (digits > DECIMALS_MAX)
        digits = DECIMALS_MAX;
    size_t length =
        (size_t)snprintf(text, sizeof text, "%.*f", (int)digits, fabs(number));
    size_t whole = strspn(text, "0123456789");
    if (number < 0 && strpbrk(text, "123456789") != NULL)
        buffer_byte(b, '-');
    buffer_bytes(b, text, whole);
    if (digits > 0) {
        buffer_byte(b, '.');
        buffer_bytes(b, text + length - digits, digits);
    }
}

void buffer_hex(struct buffer *b, const void *at, size_t length)
{
    const uint8_t *byte = at;
    for (size_t i = 0; i < length; i++) {
        buffer_byte(b, hex_digits[byte[i] >> 4]);
        buffer_byte(b, hex_digits[byte[i] & 15]);
    }
}

void buffer_format(struct buffer *b, const char *format, ...)
{
    va_list list;
    if (b->error != 0)
        return;
    size_t room = b->limit - b->length;
    va_start(list, format);
    int length = vsnprintf(room == 0 ? NULL : b->at + b->length, room, format, list);
    va_end(list);
    if (length < 0 || (length > 0 && (size_t)length >= room))
        b->error = ERR_FULL;
    else
        b->length += (size_t)length;
}

/* What a character is written as: itself, or an escape. `scratch` may hold a made one. */
typedef struct slice escape_character(struct slice character, char scratch[8]);

static void write_escaped(struct buffer *b, struct slice s, escape_character *escape)
{
    size_t plain = 0; /* s.at[plain..i) waits to be written as it is */
    for (size_t i = 0; i < s.length && b->error == 0;) {
        struct slice rest = {s.at + i, s.length - i};
        struct slice out;
        char scratch[8];
        bool valid;
        size_t length = utf8_take(rest, &valid);
        rest.length = length;
        out = valid ? escape(rest, scratch) : SLICE("\xEF\xBF\xBD");
        if (out.at != rest.at) {
            buffer_bytes(b, s.at + plain, i - plain);
            buffer_slice(b, out);
            plain = i + length;
        }
        i += length;
    }
    if (s.length > plain)
        buffer_bytes(b, s.at + plain, s.length - plain);
}

static struct slice json_escape(struct slice character, char scratch[8])
{
    uint8_t c = (uint8_t)character.at[0];
    switch (c) {
    case '"':
        return SLICE("\\\"");
    case '\\':
        return SLICE("\\\\");
    case '\n':
        return SLICE("\\n");
    case '\r':
        return SLICE("\\r");
    case '\t':
        return SLICE("\\t");
    }
    if (c < 0x20 || c == 0x7F || c == '<' || c == '>' || c == '&') {
        memcpy(scratch, "\\u00", 4);
        scratch[4] = hex_digits[c >> 4];
        scratch[5] = hex_digits[c & 15];
        return (struct slice){scratch, 6};
    }
    if (slice_equal(character, SLICE("\xE2\x80\xA8")))
        return SLICE("\\u2028");
    if (slice_equal(character, SLICE("\xE2\x80\xA9")))
        return SLICE("\\u2029");
    return character;
}

void buffer_json(struct buffer *b, struct slice s)
{
    buffer_byte(b, '"');
    write_escaped(b, s, json_escape);
    buffer_byte(b, '"');
}

static struct slice html_escape(struct slice character, char scratch[8])
{
    uint8_t c = (uint8_t)character.at[0];
    (void)scratch;
    switch (c) {
    case '&':
        return SLICE("&amp;");
    case '<':
        return SLICE("&lt;");
    case '>':
        return SLICE("&gt;");
    case '"':
        return SLICE("&quot;");
    case '\'':
        return SLICE("&#39;");
    }
    if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7F)
        return SLICE("\xEF\xBF\xBD"); /* HTML has no way to write these */
    return character;
}

void buffer_html(struct buffer *b, struct slice s)
{
    write_escaped(b, s, html_escape);
}

static bool is_safe_in_log(struct slice character)
{
    uint8_t c = (uint8_t)character.at[0];
    if (c == 0xC2 && (uint8_t)character.at[1] < 0xA0)
        return false; /* C1: some terminals obey it */
    return c >= 0x20 && c != 0x7F && c != '"' && c != '\\';
}

void buffer_log_field(struct buffer *b, struct slice s)
{
    size_t written = 0;
    buffer_byte(b, '"');
    while (s.length > 0) {
        bool valid;
        size_t length = utf8_take(s, &valid);
        bool plain = valid && is_safe_in_log((struct slice){s.at, length});
        size_t needs = plain ? length : 4 * length;
        if (written + needs > LOG_FIELD_MAX)
            break;
        for (size_t i = 0; i < length && !plain; i++) {
            buffer_text(b, "\\x");
            buffer_hex(b, s.at + i, 1);
        }
        if (plain)
            buffer_bytes(b, s.at, length);
        written += needs;
        s = (struct slice){s.at + length, s.length - length};
    }
    buffer_byte(b, '"');
}

struct slice buffer_written(const struct buffer *b)
{
    return (struct slice){b->at, b->length};
}

int buffer_error(const struct buffer *b)
{
    return b->error;
}
