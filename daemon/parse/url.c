#include "parse/url.h"

#include "base/bytes16.h"
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
    if (text.length >= 8 && memcmp(text.at, "https://", 8) == 0)
        return 5; /* which nearly all are: one comparison */
    for (; i < text.length && text.at[i] != ':'; i++) {
        char c = text.at[i];
        if (is_letter(c))
            continue;
        if (i == 0 || !(is_digit(c) || c == '+' || c == '-' || c == '.'))
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

/* Does an authority end here? */
static bool is_end(char c)
{
    return is_slash(c) || c == '?' || c == '#';
}

static struct slice skip(struct slice text, size_t count)
{
    if (count == 0)
        return text; /* which may be no text at all: NULL has no offsets */
    return (struct slice){text.at + count, text.length - count};
}

/* Not the URL standard's forbidden host code points; bytes of UTF-8 are fine. Rows of
 * 32, from NUL. */
/* clang-format off */
static const uint8_t IS_HOST_BYTE[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
};
/* clang-format on */

static bool is_host_byte(char c)
{
    return IS_HOST_BYTE[(unsigned char)c];
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

/* As many bytes of a host as are letters, digits, '-' and '.', sixteen at a time: what is left
 * may have more. */
static size_t plain_host_bytes(struct slice rest)
{
    for (size_t i = 0; rest.length - i >= 16; i += 16) {
        bytes16 b = bytes16_load(rest.at + i);
        bytes16 plain = bytes16_between(b | bytes16_all(0x20), 'a', 'z') |
                        (bytes16_between(b, '-', '9') & (bytes16)(b != bytes16_all('/')));
        unsigned odd = ~bytes16_bits(plain) & 0xFFFF;
        if (odd != 0)
            return i + lowest_bit(odd);
    }
    return rest.length / 16 * 16;
}

/* "host/...", which nearly all are: *rest is moved behind it. Anything else (userinfo, a
 * port, brackets) is for split_authority, and false. */
static bool take_plain_host(struct slice *rest, struct slice *ret_host)
{
    size_t i = plain_host_bytes(*rest);
    while (i < rest->length && is_host_byte(rest->at[i]))
        i++;
    if (i == 0 || rest->at[i - 1] == '.' || (i < rest->length && !is_end(rest->at[i])))
        return false;
    *ret_host = (struct slice){rest->at, i};
    *rest = skip(*rest, i);
    return true;
}

static void take_authority(struct slice *rest, struct url *url)
{
    struct slice host, port;
    size_t end = 0;
    if (take_plain_host(rest, &url->host))
        return;
    while (end < rest->length && !is_end(rest->at[end]))
        end++;
    if (split_authority((struct slice){rest->at, end}, &host, &port)) {
        url->host = host;
        url->port = port;
    }
    *rest = skip(*rest, end);
}

/* Scheme and authority, if they are there; the rest of the text. */
static struct slice take_front(struct url *url, struct slice text)
{
    struct slice rest = slice_trim(text);
    size_t scheme = scheme_length(rest);
    if (scheme > 0) {
        url->scheme = (struct slice){rest.at, scheme};
        rest = skip(rest, scheme + 1);
    }
    if (rest.length >= 2 && is_slash(rest.at[0]) && is_slash(rest.at[1])) {
        rest = skip(rest, 2);
        take_authority(&rest, url);
    }
    return rest;
}

void url_parse(struct url *ret_url, struct slice text)
{
    struct url url = {0};
    struct slice rest = take_front(&url, text);
    size_t path = slice_find_either(rest, '?', '#');
    url.path = (struct slice){rest.at, path};
    rest = skip(rest, path);
    if (rest.length > 0 && rest.at[0] == '?') {
        rest = skip(rest, 1);
        url.query = (struct slice){rest.at, slice_find(rest, '#')};
    }
    *ret_url = url;
}

struct slice url_host(struct slice text)
{
    struct url url = {0};
    (void)take_front(&url, text);
    return url.host;
}

struct slice url_authority_host(struct slice authority)
{
    struct slice host, port;
    if (!split_authority(authority, &host, &port))
        return (struct slice){0};
    return host;
}
