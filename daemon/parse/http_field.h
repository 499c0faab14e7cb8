/* Floor 1 (parse). The header fields that mean something to us, by name. */
#ifndef LUOT_PARSE_HTTP_FIELD_H
#define LUOT_PARSE_HTTP_FIELD_H

#include "base/bytes16.h"
#include "base/slice.h"

enum http_field {
    FIELD_HOST,
    FIELD_ORIGIN,
    FIELD_REFERER,
    FIELD_USER_AGENT,
    FIELD_ACCEPT_LANGUAGE,
    FIELD_ACCEPT_ENCODING,
    FIELD_FORWARDED_FOR,
    FIELD_AUTHORIZATION,
    FIELD_CONTENT_TYPE,
    FIELD_IF_NONE_MATCH,
    FIELD_DNT,
    FIELD_GPC,
    FIELD_PURPOSE, /* Purpose, Sec-Purpose, X-Moz */
    FIELD_CONTENT_LENGTH,
    FIELD_EXPECT,
    FIELD_TRANSFER_ENCODING,
    FIELD_CONNECTION,
    FIELD_HOP, /* Upgrade, Proxy-Connection: llhttp takes them into account */
    FIELDS,
    FIELD_OTHER = FIELDS
};

/* FIELD_OTHER: it means nothing to us. Any case. Length and first letter leave one name
 * to compare with. */
enum http_field http_field_of(struct slice name);

static inline bool http_is_name_byte(char c)
{
    return ((unsigned)c | 0x20) - 'a' < 26 || c == '-' || (unsigned)c - '0' < 10;
}

/* How many of the 16 bytes are a name's, before the first that is not. `lower`: each of them
 * with the bit 0x20. */
static inline size_t http_name_bytes(bytes16 b, bytes16 lower)
{
    bytes16 name = bytes16_between(lower, 'a', 'z') | bytes16_between(b, '0', '9') |
                   bytes16_is(b, '-');
    return lowest_bit(~(uint64_t)bytes16_bits(name));
}

/* How many bytes of a name a line begins with, and which it is; behind them there is no colon
 * perhaps. `readable` bytes are there from its first on: a line that ends earlier is told by
 * its CR, which is no name's. */
size_t http_field_begins(struct slice line, size_t readable, enum http_field *ret_field);

/* --- Names that most requests have --- */

/* By the bytes that a line begins with, and their colon: neither the end of the name nor what
 * it is made of has to be looked for. */
struct http_usual {
    char name[16];         /* in lower case, and its colon       */
    uint16_t any;          /* a bit for each byte behind that    */
    enum http_field field; /* of half of them it is FIELD_OTHER */
};

enum { HTTP_USUALS = 64 };
extern const struct http_usual http_usuals[HTTP_USUALS];

/* Where a name stands: by its last four letters and its length. */
#define HTTP_USUAL_PLACE(a, b, c, d, length)                                             \
    ((uint32_t)((((uint32_t)(d) << 24 | (uint32_t)(c) << 16 | (uint32_t)(b) << 8 |       \
                  (uint32_t)(a)) ^                                                       \
                 (length)) *                                                             \
                UINT32_C(0xD46FAB3F)) >>                                                 \
     26)

static inline uint32_t http_usual_place(const char *end, uint32_t length)
{
    uint32_t letters;

    memcpy(&letters, end - sizeof letters, sizeof letters);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    letters = __builtin_bswap32(letters);
#endif
    return HTTP_USUAL_PLACE(0, 0, 0, 0, (letters | 0x20202020) ^ length);
}

/* Whether the line at `at` begins with such a name: its field, and its length. false: perhaps
 * http_field_begins knows it. Sixteen bytes can be read from `at` on and four before it; no
 * control character is in the line, and its end is CR LF. Then a byte that becomes a letter
 * by the bit 0x20 was that letter, and a CR becomes a '-', behind which no name goes on with
 * what LF becomes. */
static inline bool http_field_usual(const char *at, enum http_field *ret_field,
                                    size_t *ret_length)
{
    bytes16 b = bytes16_load(at), lower = b | bytes16_all(0x20);
    unsigned colons = bytes16_bits(bytes16_is(b, ':')), same;
    const struct http_usual *usual;

    if (colons == 0)
        return false;
    *ret_length = lowest_bit(colons);
    usual = &http_usuals[http_usual_place(at + *ret_length, (uint32_t)*ret_length)];
    same = bytes16_bits((bytes16)(lower == bytes16_load(usual->name)));
    *ret_field = usual->field;
    return (same | usual->any) == 0xFFFF; /* of a row of zeros nothing is the same */
}

#endif
