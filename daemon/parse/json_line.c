#include "parse/json_line.h"

#include "parse/take.h"

enum { REPLACEMENT = 0xFFFD };

static void skip_spaces(struct slice *rest)
{
    while (rest->length > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t' ||
                                rest->at[0] == '\n' || rest->at[0] == '\r'))
        take(rest, 1);
}

/* The four digits of \uXXXX. */
static bool read_hex4(struct slice s, unsigned *ret_number)
{
    unsigned number = 0, wrong = 0;

    if (s.length < 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        unsigned digit = hex_digit(s.at[i]);
        wrong |= digit;
        number = number << 4 | digit;
    }
    *ret_number = number;
    return wrong < 16;
}

/* --- Checking --- */

/* How long the escape at the front is; 0: it is none. */
static size_t escape_length(struct slice s)
{
    unsigned number;

    if (s.length < 2 || s.at[1] == '\0')
        return 0;
    if (s.at[1] == 'u')
        return read_hex4((struct slice){s.at + 2, s.length - 2}, &number) ? 6 : 0;
    return strchr("\"\\/bfnrt", s.at[1]) != NULL ? 2 : 0;
}

static bool take_string(struct slice *rest, struct slice *ret_inner)
{
    struct slice at = *rest;
    size_t i = 0;

    if (!take_byte(&at, '"'))
        return false;
    while (i < at.length && at.at[i] != '"') {
        size_t step = 1;
        if ((unsigned char)at.at[i] < 0x20)
            return false;
        if (at.at[i] == '\\')
            step = escape_length((struct slice){at.at + i, at.length - i});
        if (step == 0)
            return false;
        i += step;
    }
    if (i >= at.length)
        return false;
    *ret_inner = take(&at, i);
    take(&at, 1);
    *rest = at;
    return true;
}

static bool take_number(struct slice *rest)
{
    size_t digits;

    (void)take_byte(rest, '-');
    digits = leading_digits(*rest);
    if (digits == 0 || (digits > 1 && rest->at[0] == '0'))
        return false;
    take(rest, digits);
    if (take_byte(rest, '.')) {
        digits = leading_digits(*rest);
        if (digits == 0)
            return false;
        take(rest, digits);
    }
    if (!take_byte(rest, 'e') && !take_byte(rest, 'E'))
        return true;
    if (!take_byte(rest, '-'))
        (void)take_byte(rest, '+');
    digits = leading_digits(*rest);
    take(rest, digits);
    return digits > 0;
}

static bool take_literal(struct slice *rest)
{
    static const char *const WORDS[] = {"true", "false", "null"};

    for (size_t i = 0; i < 3; i++) {
        if (slice_starts(*rest, slice_of(WORDS[i]))) {
            take(rest, strlen(WORDS[i]));
            return true;
        }
    }
    return false;
}

static bool take_value(struct slice *rest, unsigned depth, enum member_kind *ret_kind);

/* What is between the brackets of an object or array, and the closing one. */
static bool take_nested(struct slice *rest, unsigned depth)
{
    bool object = rest->at[0] == '{';
    char close = object ? '}' : ']';
    enum member_kind kind;
    struct slice name;

    take(rest, 1);
    skip_spaces(rest);
    if (take_byte(rest, close))
        return true;
    do {
        skip_spaces(rest);
        if (object) {
            if (!take_string(rest, &name))
                return false;
            skip_spaces(rest);
            if (!take_byte(rest, ':'))
                return false;
            skip_spaces(rest);
        }
        if (!take_value(rest, depth, &kind))
            return false;
        skip_spaces(rest);
    } while (take_byte(rest, ','));
    return take_byte(rest, close);
}

/* Recursion is at most JSON_DEPTH_MAX deep. */
static bool take_value(struct slice *rest, unsigned depth, enum member_kind *ret_kind)
{
    struct slice inner;
    char c = rest->length > 0 ? rest->at[0] : '\0';

    if (c == '"') {
        *ret_kind = MEMBER_TEXT;
        return take_string(rest, &inner);
    }
    if (c == '{' || c == '[') {
        *ret_kind = MEMBER_NESTED;
        return depth < JSON_DEPTH_MAX && take_nested(rest, depth + 1);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        *ret_kind = MEMBER_NUMBER;
        return take_number(rest);
    }
    *ret_kind = MEMBER_WORD;
    return take_literal(rest);
}

/* --- Members --- */

static bool take_member(struct slice *rest, struct json_member *ret_member)
{
    struct slice value;

    skip_spaces(rest);
    if (!take_string(rest, &ret_member->name))
        return false;
    skip_spaces(rest);
    if (!take_byte(rest, ':'))
        return false;
    skip_spaces(rest);
    value.at = rest->at;
    if (!take_value(rest, 0, &ret_member->kind))
        return false;
    value.length = (size_t)(rest->at - value.at);
    if (ret_member->kind == MEMBER_TEXT)
        value = (struct slice){value.at + 1, value.length - 2};
    ret_member->value = value;
    skip_spaces(rest);
    return true;
}

/* "{" before the first member, "," before the others; false at "}", and at what is
 * neither. */
static bool goes_on(struct json_line *j)
{
    bool first = !j->begun;

    j->begun = true;
    skip_spaces(&j->rest);
    if (first) {
        j->malformed = !take_byte(&j->rest, '{');
        skip_spaces(&j->rest);
        if (!j->malformed && (j->rest.length == 0 || j->rest.at[0] != '}'))
            return true;
    } else if (take_byte(&j->rest, ',')) {
        return true;
    }
    if (!take_byte(&j->rest, '}'))
        j->malformed = true;
    return false;
}

bool json_line_next(struct json_line *j, struct json_member *ret_member)
{
    if (j->malformed || !goes_on(j))
        return false;
    j->malformed = !take_member(&j->rest, ret_member);
    return !j->malformed;
}

bool json_line_is_whole(const struct json_line *j)
{
    struct slice rest = j->rest;

    skip_spaces(&rest);
    return j->begun && !j->malformed && rest.length == 0;
}

/* --- Text --- */

static char *write_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xC0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *to++ = (char)(0xE0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    } else {
        *to++ = (char)(0xF0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3F));
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    }
    return to;
}

/* \uXXXX at the front of *rest, and a second one that makes a pair with it. */
static unsigned take_code(struct slice *rest)
{
    unsigned high = 0, low = 0;
    struct slice at;

    take(rest, 2);
    (void)read_hex4(*rest, &high); /* checked when the string was taken */
    take(rest, 4);
    if (high == 0 || high < 0xD800 || high > 0xDFFF)
        return high == 0 ? REPLACEMENT : high;
    at = *rest;
    if (high > 0xDBFF || !take_byte(&at, '\\') || !take_byte(&at, 'u') ||
        !read_hex4(at, &low) || low < 0xDC00 || low > 0xDFFF)
        return REPLACEMENT;
    take(rest, 6);
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

struct slice json_line_text(struct slice value, char *memory)
{
    static const char LETTERS[] = "bfnrt", BYTES[] = "\b\f\n\r\t";
    size_t plain = slice_find(value, '\\');
    struct slice rest = value;
    char *to = memory;

    if (plain == value.length)
        return value;
    while (rest.length > 0) {
        if (rest.at[0] != '\\' || rest.length < 2) {
            *to++ = *take(&rest, 1).at;
        } else if (rest.at[1] == 'u' && rest.length >= 6) {
            to = write_utf8(to, take_code(&rest));
        } else {
            char letter = take(&rest, 2).at[1];
            const char *found = letter == '\0' ? NULL : strchr(LETTERS, letter);
            *to++ = found == NULL ? letter : BYTES[found - LETTERS];
        }
    }
    return (struct slice){memory, (size_t)(to - memory)};
}
