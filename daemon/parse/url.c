#include "parse/url.h"

#include "base/error.h"

static bool is_letter(char c)
{
    return ((unsigned)c | 0x20) - 'a' < 26;
}

static bool is_digit(char c)
{
    return (unsigned)c - '0' < 10;
}

/* Length of a leading "scheme:" without its colon, or 0. */
static size_t scheme_length(struct slice text)
{
    size_t i = 0;
    for (; i < text.length && text.at[i] != ':'; i++) {
        char c = text.at[i];
        bool later = is_digit(c) || c == '+' || c == '-' || c == '.';
        if (!is_letter(c) && (i == 0 || !later))
            return 0;
    }
    return i < text.length ? i : 0;
}

/* Browsers read "http:\\host\path" like "http://host/path", so that is what it means to
 * everybody after us. */
static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* Index of the first byte that ends an authority ("/?#\") or a path ("?#"), or the
 * length. */
static size_t find_end(struct slice text, bool of_authority)
{
    size_t i = 0;
    while (i < text.length && text.at[i] != '?' && text.at[i] != '#' &&
           !(of_authority && is_slash(text.at[i])))
        i++;
    return i;
}

static struct slice skip(struct slice text, size_t count)
{
    if (count == 0)
        return text; /* which may be no text at all: NULL has no offsets */
    return (struct slice){text.at + count, text.length - count};
}

/* The URL standard's forbidden host code points; bytes of UTF-8 are fine. */
static bool is_host_byte(char c)
{
    switch (c) {
    case '#':
    case '%':
    case '/':
    case ':':
    case '<':
    case '>':
    case '?':
    case '@':
    case '[':
    case '\\':
    case ']':
    case '^':
    case '|':
    case 0x7f:
        return false;
    default:
        return (unsigned char)c > ' ';
    }
}

static bool is_ip6_byte(char c)
{
    return is_digit(c) || is_letter(c) || c == ':' || c == '.';
}

static bool all(struct slice text, bool (*test)(char))
{
    for (size_t i = 0; i < text.length; i++)
        if (!test(text.at[i]))
            return false;
    return true;
}

/* false: it is neither a name nor an address, with or without a port. */
static bool split_authority(struct slice authority, struct slice *ret_host,
                            struct slice *ret_port)
{
    struct slice host = authority, port = {0};
    size_t at = authority.length;
    while (at > 0 && authority.at[at - 1] != '@')
        at--;
    struct slice rest = skip(authority, at);
    if (rest.length > 0 && rest.at[0] == '[') {
        rest = skip(rest, 1);
        size_t close = slice_find(rest, ']');
        if (close == rest.length)
            return false;
        host = (struct slice){rest.at, close};
        port = skip(rest, close + 1);
        if (port.length > 0 && port.at[0] != ':')
            return false;
        port = port.length > 0 ? skip(port, 1) : port;
        if (!all(host, is_ip6_byte))
            return false;
    } else {
        host = slice_cut(&rest, ':');
        port = rest;
        if (!all(host, is_host_byte))
            return false;
        if (host.length > 1 && host.at[host.length - 1] == '.')
            host.length--;
    }
    *ret_host = host;
    *ret_port = port;
    return host.length > 0 && all(port, is_digit);
}

void url_parse(struct url *ret_url, struct slice text)
{
    struct url url = {0};
    struct slice rest = slice_trim(text);
    size_t scheme = scheme_length(rest);
    if (scheme > 0) {
        url.scheme = (struct slice){rest.at, scheme};
        rest = skip(rest, scheme + 1);
    }
    if (rest.length >= 2 && is_slash(rest.at[0]) && is_slash(rest.at[1])) {
        rest = skip(rest, 2);
        size_t end = find_end(rest, true);
        struct slice host, port;
        if (split_authority((struct slice){rest.at, end}, &host, &port)) {
            url.host = host;
            url.port = port;
        }
        rest = skip(rest, end);
    }
    size_t path = find_end(rest, false);
    url.path = (struct slice){rest.at, path};
    rest = skip(rest, path);
    if (rest.length > 0 && rest.at[0] == '?') {
        rest = skip(rest, 1);
        url.query = (struct slice){rest.at, slice_find(rest, '#')};
    }
    *ret_url = url;
}

struct slice url_authority_host(struct slice authority)
{
    struct slice host, port;
    if (!split_authority(authority, &host, &port))
        return (struct slice){0};
    return host;
}
