/* What parse/ and base/ make of bytes, said byte by byte and by nothing of theirs: the
 * fast forms must agree with it on any input. Slow, and never anything else. */
#ifndef LUOT_TESTS_LIB_PLAIN_PARSE_H
#define LUOT_TESTS_LIB_PLAIN_PARSE_H

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/error.h"
#include "luot_beacon.h"
#include "parse/beacon.h"
#include "parse/url.h"

static inline int plain_hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Into memory of value.length bytes, always. */
static inline int plain_decode(struct slice *ret, struct slice value, char *memory)
{
    size_t length = 0;

    for (size_t i = 0; i < value.length; i++) {
        char c = value.at[i];
        if (c == '%') {
            int high = i + 2 < value.length ? plain_hex(value.at[i + 1]) : -1;
            int low = i + 2 < value.length ? plain_hex(value.at[i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0)
                return ERR_MALFORMED;
            c = (char)(16 * high + low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        memory[length++] = c;
    }
    *ret = (struct slice){memory, length};
    return 0;
}

/* The system's own opinion: IPv6, in brackets or not, or four decimal numbers. */
static inline int plain_address(struct address *ret, struct slice text)
{
    struct address a = {.bytes = {[10] = 0xFF, [11] = 0xFF}}, six;
    char copy[ADDRESS_TEXT_MAX] = "";
    bool brackets =
        text.length >= 2 && text.at[0] == '[' && text.at[text.length - 1] == ']';

    if (brackets)
        text = (struct slice){text.at + 1, text.length - 2};
    if (text.length == 0 || text.length >= sizeof copy || memchr(text.at, 0, text.length))
        return ERR_MALFORMED;
    memcpy(copy, text.at, text.length);
    if (inet_pton(AF_INET6, copy, six.bytes) == 1)
        a = six;
    else if (brackets || inet_pton(AF_INET, copy, a.bytes + 12) != 1)
        return ERR_MALFORMED;
    *ret = a;
    return 0;
}

/* The first value of the key in `line`, decoded: at == NULL when there is none. */
static inline int plain_value(struct slice *ret, struct slice line, char key,
                              char *memory)
{
    size_t begin = 0, end;

    *ret = (struct slice){NULL, 0};
    for (; begin < line.length; begin = end + 1) {
        for (end = begin; end < line.length && line.at[end] != '&';)
            end++;
        if (end - begin >= 2 && line.at[begin] == key && line.at[begin + 1] == '=')
            return plain_decode(ret, (struct slice){line.at + begin + 2, end - begin - 2},
                                memory);
    }
    return 0;
}

static inline bool plain_is_site_key(struct slice key)
{
    static const char BYTES[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

    for (size_t i = 0; i < key.length; i++)
        if (memchr(BYTES, key.at[i], i == 0 ? 36 : 38) == NULL)
            return false;
    return key.length <= LUOT_SITE_KEY_MAX;
}

static inline int plain_width(unsigned *ret, struct slice width)
{
    unsigned px = 0;

    for (size_t i = 0; i < width.length; i++) {
        if (width.at[i] < '0' || width.at[i] > '9')
            return ERR_MALFORMED;
        px = 10 * px + (unsigned)(width.at[i] - '0');
        if (px > UINT16_MAX)
            return ERR_MALFORMED;
    }
    *ret = px;
    return 0;
}

enum { PLAIN_KEYS = 10 };

/* `memory`: PLAIN_KEYS times the longest line. */
static inline int plain_beacon(struct beacon *ret, struct slice line, char *memory)
{
    static const char KEYS[PLAIN_KEYS] = "sprtekwliu";
    struct slice v[PLAIN_KEYS];
    struct beacon b = {0};
    bool ping;

    if (line.length > LUOT_BEACON_MAX)
        return ERR_TOO_LONG;
    for (size_t i = 0; i < line.length; i++)
        if ((unsigned char)line.at[i] < ' ' || line.at[i] == 0x7f)
            return ERR_MALFORMED;
    for (size_t i = 0; i < PLAIN_KEYS; i++)
        if (plain_value(&v[i], line, KEYS[i], memory + i * LUOT_BEACON_MAX) != 0)
            return ERR_MALFORMED;
    b.off = slice_equal(v[5], SLICE("off"));
    ping = b.off || slice_equal(v[5], SLICE("ping"));
    b.has_address = v[8].length > 0;
    if (line.length == 0 || !plain_is_site_key(v[0]) || v[4].length > LUOT_EVENT_MAX ||
        (v[5].length > 0 && !ping && !slice_equal(v[5], SLICE("view"))) ||
        plain_width(&b.screen_width, v[6]) != 0 ||
        (b.has_address && plain_address(&b.address, v[8]) != 0))
        return ERR_MALFORMED;
    b.kind = v[4].length > 0 ? BEACON_EVENT : ping ? BEACON_PING : BEACON_VIEW;
    b.site = v[0], b.page = v[1], b.referrer = v[2], b.title = v[3], b.event = v[4];
    b.language = v[7], b.user_agent = v[9];
    *ret = b;
    return 0;
}

static inline bool plain_same_beacon(const struct beacon *a, const struct beacon *b)
{
    return a->kind == b->kind && slice_equal(a->site, b->site) &&
           slice_equal(a->page, b->page) && slice_equal(a->referrer, b->referrer) &&
           slice_equal(a->title, b->title) && slice_equal(a->event, b->event) &&
           slice_equal(a->language, b->language) &&
           slice_equal(a->user_agent, b->user_agent) &&
           address_equal(&a->address, &b->address) && a->has_address == b->has_address &&
           a->off == b->off && a->screen_width == b->screen_width;
}

/* --- URLs --- */

static inline bool plain_in(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static inline bool plain_word(struct slice text, const char *more)
{
    for (size_t i = 0; i < text.length; i++) {
        char small = (char)(text.at[i] | 0x20);
        if (!(small >= 'a' && small <= 'z') &&
            !(text.at[i] >= '0' && text.at[i] <= '9') && !plain_in(text.at[i], more))
            return false;
    }
    return true;
}

/* Up to the first byte of `set`, which stays in *rest. */
static inline struct slice plain_until(struct slice *rest, const char *set)
{
    struct slice part = {rest->at, 0};

    while (rest->length > 0 && !plain_in(rest->at[0], set)) {
        rest->at++;
        rest->length--;
        part.length++;
    }
    return part;
}

static inline void plain_skip(struct slice *s, size_t n)
{
    s->at += n;
    s->length -= n;
}

/* "user@host:port"; *ret_host stays empty when it is none. */
static inline void plain_authority(struct slice text, struct slice *ret_host,
                                   struct slice *ret_port)
{
    struct slice host, port;

    while (memchr(text.length > 0 ? text.at : "", '@', text.length) != NULL)
        plain_skip(&text, 1);
    if (text.length > 0 && text.at[0] == '[') {
        plain_skip(&text, 1);
        host = plain_until(&text, "]");
        if (text.length == 0 || !plain_word(host, ":."))
            return;
        plain_skip(&text, 1);
        if (text.length > 0 && text.at[0] != ':')
            return;
    } else {
        host = plain_until(&text, ":");
        for (size_t i = 0; i < host.length; i++)
            if ((unsigned char)host.at[i] <= ' ' ||
                plain_in(host.at[i], "#%/<>?@[\\]^|\x7f"))
                return;
        if (host.length > 1 && host.at[host.length - 1] == '.')
            host.length--;
    }
    plain_skip(&text, text.length > 0);
    port = text;
    for (size_t i = 0; i < port.length; i++)
        if (port.at[i] < '0' || port.at[i] > '9')
            return;
    if (host.length > 0) {
        *ret_host = host;
        *ret_port = port;
    }
}

static inline void plain_url(struct url *ret, struct slice text)
{
    struct url url = {0};
    struct slice scheme, rest = text;

    while (rest.length > 0 && plain_in(rest.at[0], " \t\r\n"))
        plain_skip(&rest, 1);
    while (rest.length > 0 && plain_in(rest.at[rest.length - 1], " \t\r\n"))
        rest.length--;
    text = rest;
    scheme = plain_until(&rest, ":");
    if (rest.length > 0 && scheme.length > 0 && plain_word(scheme, "+-.") &&
        ((scheme.at[0] | 0x20) >= 'a' && (scheme.at[0] | 0x20) <= 'z')) {
        url.scheme = scheme;
        plain_skip(&rest, 1);
    } else {
        rest = text;
    }
    if (rest.length >= 2 && plain_in(rest.at[0], "/\\") && plain_in(rest.at[1], "/\\")) {
        plain_skip(&rest, 2);
        plain_authority(plain_until(&rest, "/\\?#"), &url.host, &url.port);
    }
    url.path = plain_until(&rest, "?#");
    if (rest.length > 0 && rest.at[0] == '?') {
        plain_skip(&rest, 1);
        url.query = plain_until(&rest, "#");
    }
    *ret = url;
}

/* Is a path, which names no index page, its own name? */
static inline bool plain_is_name(struct slice path)
{
    bool slash = false;

    for (size_t i = 0; i < path.length; i++) {
        char c = path.at[i];
        if (c <= ' ' || c > '~' || c == '%' || c == '\\' ||
            (slash && (c == '/' || c == '.')))
            return false;
        slash = c == '/';
    }
    return path.length > 0 && path.length <= 255 && path.at[0] == '/' &&
           (!slash || path.length == 1);
}

static inline bool plain_same_url(const struct url *a, const struct url *b)
{
    return slice_equal(a->scheme, b->scheme) && slice_equal(a->host, b->host) &&
           slice_equal(a->port, b->port) && slice_equal(a->path, b->path) &&
           slice_equal(a->query, b->query);
}

#endif
