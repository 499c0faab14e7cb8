#include "base/slice.h"

#include "base/bytes16.h"
#include "base/error.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool slice_equal_nocase(struct slice a, struct slice b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

bool slice_starts(struct slice s, struct slice prefix)
{
    if (prefix.length == 0)
        return true;
    return s.length >= prefix.length && memcmp(s.at, prefix.at, prefix.length) == 0;
}

bool slice_ends(struct slice s, struct slice suffix)
{
    if (suffix.length == 0)
        return true;
    return s.length >= suffix.length &&
           memcmp(s.at + (s.length - suffix.length), suffix.at, suffix.length) == 0;
}

struct slice slice_trim(struct slice s)
{
    while (s.length > 0 && is_blank(s.at[s.length - 1]))
        s.length--;
    while (s.length > 0 && is_blank(s.at[0])) {
        s.at++;
        s.length--;
    }
    return s;
}

struct slice slice_cut(struct slice *rest, char separator)
{
    struct slice all = *rest;
    size_t at = slice_find(all, separator);
    if (at == all.length) {
        *rest = (struct slice){NULL, 0};
        return all;
    }
    *rest = (struct slice){all.at + at + 1, all.length - at - 1};
    return (struct slice){all.at, at};
}

size_t slice_find(struct slice s, char c)
{
    if (s.length == 0)
        return 0;
    const char *found = memchr(s.at, c, s.length);
    return found == NULL ? s.length : (size_t)(found - s.at);
}

size_t slice_find_either(struct slice s, char a, char b)
{
    size_t i = 0;
    for (; i + 16 <= s.length; i += 16) {
        bytes16 block = bytes16_load(s.at + i);
        unsigned found = bytes16_bits(bytes16_is(block, a) | bytes16_is(block, b));
        if (found != 0)
            return i + lowest_bit(found);
    }
    while (i < s.length && s.at[i] != a && s.at[i] != b)
        i++;
    return i;
}

enum { SURE_DIGITS = 18 /* never more than any limit here */ };

static int read_few_digits(struct slice s, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < s.length; i++) {
        unsigned digit = (unsigned)s.at[i] - '0';
        if (digit > 9)
            return ERR_MALFORMED;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return 0;
}

/* A byte that is no digit is malformed wherever it stands, so that one is told before a
 * range. */
static int read_digits(struct slice s, uint64_t limit, uint64_t *ret_number)
{
    uint64_t number = 0;
    bool over = false;
    if (s.length == 0)
        return ERR_MALFORMED;
    if (s.length <= SURE_DIGITS)
        return read_few_digits(s, ret_number);
    for (size_t i = 0; i < s.length; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return ERR_MALFORMED;
        uint64_t digit = (uint64_t)(s.at[i] - '0');
        if (over || number > (limit - digit) / 10)
            over = true;
        else
            number = number * 10 + digit;
    }
    if (over)
        return ERR_RANGE;
    *ret_number = number;
    return 0;
}

int slice_number(struct slice s, uint64_t *ret_number)
{
    return read_digits(s, INT64_MAX, ret_number);
}

int slice_signed(struct slice s, int64_t *ret_number)
{
    bool negative = s.length > 0 && s.at[0] == '-';
    if (negative || (s.length > 0 && s.at[0] == '+')) {
        s.at++;
        s.length--;
    }
    uint64_t number;
    int rv = read_digits(s, (uint64_t)INT64_MAX + (negative ? 1 : 0), &number);
    if (rv != 0)
        return rv;
    if (!negative)
        *ret_number = (int64_t)number;
    else
        *ret_number = number == 0 ? 0 : -(int64_t)(number - 1) - 1;
    return 0;
}

int slice_hex(struct slice s, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (s.length == 0 || s.length > 16)
        return ERR_MALFORMED;
    for (size_t i = 0; i < s.length; i++) {
        char c = s.at[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return ERR_MALFORMED;
        number = number << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *ret_number = number;
    return 0;
}
