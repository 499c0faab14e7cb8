/* Addresses from their texts. Each line has one, and where the numbers of an address end
 * follows no rule that a processor could guess: to go through its digits one by one is a
 * branch taken wrongly at every second number, which takes longer than all the rest. So dots
 * and colons are found in all of its bytes at once, and each number is made of the four bytes
 * that lie where it can lie, by arithmetic alone. What is written in a way that is rare is
 * left to inet_pton; what both take, both take for the same. */
#include <arpa/inet.h>

#include "base/address.h"
#include "base/bytes16.h"
#include "base/error.h"

/* The first of four bytes is the lowest. */
static inline uint32_t four_bytes(const char *at)
{
    uint32_t n;

    memcpy(&n, at, sizeof n);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    n = __builtin_bswap32(n);
#endif
    return n;
}

/* --- IPv4 --- */

/* Of how many digits an octet is: where they are of three bytes, of which the highest is the
 * ones, what they are more than numbers, and the least that is written so, a byte a digit. */
static const struct octet_form {
    uint32_t digits, zeros, least;
} octet_forms[4] = {[1] = {0xFF0000, 0x300000, 0},
                    [2] = {0xFFFF00, 0x303000, 0x000100},
                    [3] = {0xFFFFFF, 0x303030, 0x010000}};

#define GREATEST_OCTET 0x020505 /* 255, a byte a digit */

/* `text`: its last digit is in the third byte. *wrong becomes true where that is none. */
static inline uint8_t read_octet(uint32_t text, unsigned length, bool *wrong)
{
    const struct octet_form *form = &octet_forms[length % 4];
    uint32_t digits = (text & form->digits) - form->zeros,
             written = __builtin_bswap32(digits) >> 8;

    *wrong |= (length - 1 > 2) | (written < form->least) | (written > GREATEST_OCTET);
    return (uint8_t)(digits * (100 << 16 | 10 << 8 | 1) >> 16);
}

/* What begins there. */
static inline uint8_t read_octet_at(const char *at, unsigned length, bool *wrong)
{
    return read_octet(four_bytes(at) << 8 * ((3 - length) % 4), length, wrong);
}

/* What ends there. */
static inline uint8_t read_octet_to(const char *end, unsigned length, bool *wrong)
{
    return read_octet(four_bytes(end - 4) >> 8, length, wrong);
}

enum { V4_TEXT_MIN = 8, V4_TEXT_MAX = 15 }; /* 1.1.1.1 is for inet_pton */

/* Bit i is of byte i of `length` bytes; the first and the last eight of them are in b. */
static inline unsigned bits_of_ends(bytes16 b, size_t length)
{
    unsigned bits = bytes16_bits(b);

    return (bits & 0xFF) | bits >> 8 << (length - 8);
}

static inline bytes16 both_ends(struct slice text)
{
    typedef uint64_t words __attribute__((vector_size(16)));
    uint64_t first, last;

    memcpy(&first, text.at, sizeof first);
    memcpy(&last, text.at + text.length - sizeof last, sizeof last);
    return (bytes16)(words){first, last};
}

static bool parse_v4(uint8_t ret_four[4], struct slice text)
{
    unsigned n = (unsigned)text.length, dots, second, third, end[3];
    bool wrong = false;
    bytes16 b;

    if (text.length < V4_TEXT_MIN || text.length > V4_TEXT_MAX)
        return false;
    b = both_ends(text);
    dots = bits_of_ends(bytes16_is(b, '.'), n);
    if ((dots | bits_of_ends(bytes16_between(b, '0', '9'), n)) != (1U << n) - 1)
        return false;
    second = dots & (dots - 1);
    third = second & (second - 1);
    if (third == 0 || (third & (third - 1)) != 0)
        return false;
    end[0] = lowest_bit(dots);
    end[1] = lowest_bit(second);
    end[2] = lowest_bit(third);
    if (end[0] > 3 || end[2] < 5) /* four bytes are there, wherever a number is */
        return false;
    ret_four[0] = read_octet_at(text.at, end[0], &wrong);
    ret_four[1] = read_octet_at(text.at + end[0] + 1, end[1] - end[0] - 1, &wrong);
    ret_four[2] = read_octet_to(text.at + end[2], end[2] - end[1] - 1, &wrong);
    ret_four[3] = read_octet_to(text.at + n, n - end[2] - 1, &wrong);
    return !wrong;
}

/* --- IPv6 --- */

enum {
    V6_TEXT_MIN = 16, /* what is shorter is for inet_pton */
    V6_TEXT_MAX = 39,
    GROUPS = 8
};

/* Bits of the bytes of a text. */
struct v6_places {
    uint64_t colons, hex;
};

static inline struct v6_places v6_places_of(struct slice text)
{
    size_t last = text.length - 16, middle = last < 16 ? last : 16;
    const size_t at[3] = {0, middle, last};
    struct v6_places p = {0};

    for (unsigned i = 0; i < 3; i++) {
        bytes16 b = bytes16_load(text.at + at[i]);
        bytes16 hex = bytes16_between(b, '0', '9') |
                      bytes16_between(b | bytes16_all(0x20), 'a', 'f');

        p.colons |= (uint64_t)bytes16_bits(bytes16_is(b, ':')) << at[i];
        p.hex |= (uint64_t)bytes16_bits(hex) << at[i];
    }
    return p;
}

/* Up to four digits, of which the last is in the highest byte and those that are not there
 * are 0. */
static inline void read_group(uint8_t ret_group[2], uint32_t text)
{
    uint32_t digit = (text & 0x0F0F0F0F) + 9 * (text >> 6 & 0x01010101);
    uint32_t pairs = digit << 4 | digit >> 8;

    ret_group[0] = (uint8_t)pairs;
    ret_group[1] = (uint8_t)(pairs >> 16);
}

/* Where the group that is none stands, what is missing. */
static void widen(uint8_t bytes[2 * GROUPS], unsigned groups, unsigned none)
{
    size_t behind = 2 * (size_t)(groups - none - 1);

    memmove(bytes + 2 * GROUPS - behind, bytes + 2 * (size_t)(none + 1), behind);
    memset(bytes + 2 * (size_t)none, 0, 2 * GROUPS - behind - 2 * (size_t)none);
}

/* Eight groups, or fewer and one between them that is empty. */
static bool parse_v6_groups(struct address *ret_address, struct slice text,
                            uint64_t colons)
{
    unsigned n = (unsigned)text.length, begin = 0, groups = 0, none = GROUPS;
    struct address six;

    for (uint64_t ends = colons | (uint64_t)1 << n; ends != 0; ends &= ends - 1) {
        unsigned end = lowest_bit(ends), from = begin < n - 4 ? begin : n - 4;
        uint64_t four = four_bytes(text.at + from) >> 8 * (begin - from);

        if (groups == GROUPS || end - begin > 4 || (end == begin && none < GROUPS))
            return false;
        none = end == begin ? groups : none;
        read_group(six.bytes + 2 * (size_t)groups,
                   (uint32_t)(four << 8 * (4 - (end - begin))));
        groups++;
        begin = end + 1;
    }
    if (none == GROUPS && groups < GROUPS)
        return false;
    if (none < GROUPS)
        widen(six.bytes, groups, none);
    *ret_address = six;
    return true;
}

static bool parse_v6(struct address *ret_address, struct slice text)
{
    struct v6_places p;

    if (text.length < V6_TEXT_MIN || text.length > V6_TEXT_MAX)
        return false;
    p = v6_places_of(text);
    if ((p.colons | p.hex) != ((uint64_t)1 << text.length) - 1 || (p.colons & 1) != 0 ||
        p.colons >> (text.length - 1) != 0)
        return false;
    return parse_v6_groups(ret_address, text, p.colons);
}

/* --- Either --- */

static int parse_rare(struct address *ret_address, struct slice text)
{
    char copy[ADDRESS_TEXT_MAX];
    struct address six;
    uint8_t four[4];

    if (text.length == 0 || text.length >= sizeof copy || memchr(text.at, 0, text.length))
        return ERR_MALFORMED;
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    if (inet_pton(AF_INET6, copy, six.bytes) == 1)
        *ret_address = six;
    else if (inet_pton(AF_INET, copy, four) == 1)
        *ret_address = address_of_v4(four);
    else
        return ERR_MALFORMED;
    return 0;
}

int address_parse(struct address *ret_address, struct slice text)
{
    bool bracketed =
        text.length >= 2 && text.at[0] == '[' && text.at[text.length - 1] == ']';
    uint8_t four[4];

    if (parse_v4(four, text)) {
        *ret_address = address_of_v4(four);
        return 0;
    }
    if (bracketed)
        text = (struct slice){text.at + 1, text.length - 2};
    if (parse_v6(ret_address, text))
        return 0;
    if (bracketed && memchr(text.at, ':', text.length) == NULL)
        return ERR_MALFORMED;
    return parse_rare(ret_address, text);
}
