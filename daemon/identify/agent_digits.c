#include "identify/agent_digits.h"

#include <ctype.h>

#include "base/bytes16.h"

enum { ALL = 0x3ff /* a bit a digit */ };

static void hide16(char *to, const char *at)
{
    bytes16 b = bytes16_load(at), digit = bytes16_between(b, '0', '9');

    bytes16_store(to, (digit & bytes16_all('0')) | (~digit & b));
}

void agent_digits_hide(char *to, struct slice text)
{
    size_t n = text.length, i = 0;

    for (; i + sizeof(bytes16) <= n; i += sizeof(bytes16))
        hide16(to + i, text.at + i);
    if (i < n && n > sizeof(bytes16)) {
        i = n - sizeof(bytes16); /* some of them once more, to the same */
        hide16(to + i, text.at + i);
        return;
    }
    for (; i < n; i++)
        to[i] = text.at[i] >= '0' && text.at[i] <= '9' ? '0' : text.at[i];
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct reader {
    const char *at, *end;
};

/* The digits of an escape outside of a class, behind its backslash: letters that are sets, or
 * places. False: it may be anything. */
static bool is_known_escape(char c)
{
    return !isalnum((unsigned char)c) || strchr("dDwWsSbBAzZ", c) != NULL;
}

/* One byte of a class, or an escape of one: the first of a range or by itself. False: it is
 * not understood. *ret_last: what a range may begin with; '\0' behind a set. */
static bool take_member(struct reader *r, unsigned *digits, char *ret_last)
{
    char c = *r->at++;

    *ret_last = c;
    if (c == '[')
        return r->at < r->end && strchr(":.=", *r->at) == NULL;
    if (c == '\\') {
        if (r->at == r->end || !is_known_escape(*r->at) ||
            strchr("bBAzZ", *r->at) != NULL)
            return false;
        c = *r->at++;
        *ret_last = c;
        if (isalpha((unsigned char)c)) {
            *digits |= strchr("dwS", c) != NULL ? ALL : 0;
            *ret_last = '\0';
        }
        return true;
    }
    if (is_digit(c))
        *digits |= 1u << (c - '0');
    return true;
}

/* Behind '-' between two members. */
static bool take_range(struct reader *r, unsigned *digits, char first)
{
    char last;

    if (!take_member(r, digits, &last) || first == '\0' || last == '\0')
        return false;
    for (char d = '0'; d <= '9'; d++)
        if ((unsigned char)d >= (unsigned char)first &&
            (unsigned char)d <= (unsigned char)last)
            *digits |= 1u << (d - '0');
    return true;
}

/* Behind '['. Which digits it names: if it is negated, it has the others. */
static bool take_class(struct reader *r, unsigned *ret_digits)
{
    unsigned digits = 0;
    char first;

    if (r->at < r->end && *r->at == '^')
        r->at++;
    for (bool begin = true; r->at < r->end && (begin || *r->at != ']'); begin = false) {
        if (!take_member(r, &digits, &first))
            return false;
        if (r->end - r->at >= 2 && r->at[0] == '-' && r->at[1] != ']') {
            r->at++;
            /* "\w-x" has a '-' by itself: it is rare, and not worth the rule */
            if (!take_range(r, &digits, first))
                return false;
        }
    }
    if (r->at == r->end)
        return false;
    r->at++;
    *ret_digits = digits;
    return true;
}

/* Behind '(': only groups and what looks about. */
static bool take_group(struct reader *r)
{
    if (r->at == r->end || *r->at == '*')
        return false;
    if (*r->at != '?')
        return true;
    r->at++;
    if (r->at < r->end && *r->at == '<')
        return r->end - r->at >= 2 && (r->at[1] == '=' || r->at[1] == '!');
    return r->at < r->end && strchr(":=!>|", *r->at) != NULL;
}

/* Behind '{': {n}, {n,} or {n,m}; else it is a plain byte, and what follows is read as such. */
static void take_times(struct reader *r)
{
    const char *at = r->at;

    while (at < r->end && is_digit(*at))
        at++;
    if (at == r->at)
        return;
    if (at < r->end && *at == ',')
        at++;
    while (at < r->end && is_digit(*at))
        at++;
    if (at < r->end && *at == '}')
        r->at = at + 1;
}

/* Behind '^' at the pattern's beginning: over plain bytes, each of which is tested at one place
 * of the agent only, as long as that is kept. */
static void skip_kept(struct reader *r)
{
    for (unsigned i = 0; i < AGENT_DIGITS_KEPT && r->at < r->end; i++) {
        const char *next = r->at + 1;

        if (*r->at == '\\' && next < r->end && ispunct((unsigned char)*next))
            next++;
        else if (strchr("\\^$.[|()*+?{", *r->at) != NULL)
            return;
        if (next < r->end && strchr("*+?{", *next) != NULL)
            return;
        r->at = next;
    }
}

bool agent_digits_are_one_to(struct slice pattern)
{
    struct reader r = {pattern.at, pattern.at + pattern.length};

    if (r.at < r.end && *r.at == '^') {
        r.at++;
        skip_kept(&r);
    }

    while (r.at < r.end) {
        char c = *r.at++;
        unsigned digits = 0;
        bool known = c == '\\' ? r.at < r.end && is_known_escape(*r.at++)
                     : c == '['
                         ? take_class(&r, &digits) && (digits == 0 || digits == ALL)
                     : c == '(' ? take_group(&r)
                                : !is_digit(c);

        if (c == '{')
            take_times(&r);
        if (!known)
            return false;
    }
    return true;
}

/* --- Loosened --- */

struct writer {
    char *to;
    size_t length, room;
};

static void write(struct writer *w, const char *at, size_t length)
{
    if (length <= w->room - w->length)
        memcpy(w->to + w->length, at, length);
    else
        length = w->room - w->length; /* full: no pattern is so long */
    w->length += length;
}

static void write_class(struct writer *w, const char *at, size_t length, unsigned digits)
{
    write(w, "[", 1);
    if (digits != 0 && digits != ALL)
        write(w, "\\d", 2);
    write(w, at + 1, length - 1);
}

/* Where a class begins, \d can be put before; but before '-' it would be a range's. */
static bool can_be_more(const char *at, const char *end, unsigned digits)
{
    return digits == 0 || digits == ALL ||
           (at < end && *at != '^' && *at != '-' && *at != ']');
}

static bool is_plain_group(struct reader *r)
{
    if (r->at < r->end && *r->at == '?') {
        if (r->end - r->at < 2 || r->at[1] != ':')
            return false;
        r->at += 2;
    }
    return r->at < r->end && *r->at != '*';
}

/* One item of the pattern, which begins with `c`; false: it cannot be loosened. */
static bool loosen_item(struct reader *r, struct writer *w, char c)
{
    const char *begin = r->at - 1;
    unsigned digits = 0;

    if (is_digit(c)) {
        write(w, "\\d", 2);
        return true;
    }
    if (c == '[') {
        if (!take_class(r, &digits) || !can_be_more(begin + 1, r->end, digits))
            return false;
        write_class(w, begin, (size_t)(r->at - begin), digits);
        return true;
    }
    if ((c == '\\' && (r->at == r->end || !is_known_escape(*r->at++))) ||
        (c == '(' && !is_plain_group(r)))
        return false;
    if (c == '{')
        take_times(r);
    write(w, begin, (size_t)(r->at - begin));
    return true;
}

size_t agent_digits_loosen(struct slice pattern, char *to, size_t room)
{
    struct reader r = {pattern.at, pattern.at + pattern.length};
    struct writer w = {to, 0, room};
    bool times = false; /* how often was just said: '+' behind it is possessive */

    while (r.at < r.end) {
        char c = *r.at++;

        if ((times && c == '+') || !loosen_item(&r, &w, c))
            return 0;
        times = strchr("*+?", c) != NULL || (c == '{' && r.at[-1] == '}');
    }
    return w.length < w.room ? w.length : 0;
}
