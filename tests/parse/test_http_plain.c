#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "parse/http_plain.h"

#define START "GET /p.gif?s=a HTTP/1.1\r\nHost: a.vn:80\r\n"

/* Exactly as large as it is, so that a read behind it is seen. */
static bool takes_slice(struct slice text, struct http_request *r, size_t *used)
{
    char *copy = malloc(text.length == 0 ? 1 : text.length);
    memcpy(copy, text.at, text.length);
    bool taken = http_plain_take((struct slice){copy, text.length}, r, used);
    free(copy);
    return taken;
}

static bool takes(const char *text)
{
    struct http_request r;
    size_t used;
    return takes_slice(slice_of(text), &r, &used);
}

Test(http_plain, takes_what_browsers_and_proxies_send)
{
    struct http_request r;
    size_t used;
    struct slice text =
        SLICE("POST /b?reply=1 HTTP/1.1\r\nhost: a\r\nOrigin:  null \r\nX-Own*: \xc4\x91"
              "\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabcGET /");
    cr_expect_not(http_plain_take(text, &r, &used), "an odd name");
    text =
        SLICE("POST /b?reply=1 HTTP/1.1\r\nhost: a\r\nOrigin:  null \r\nX-Own: \xc4\x91"
              "\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabcGET /");
    cr_assert(http_plain_take(text, &r, &used));
    cr_expect_eq(used, text.length - 5);
    cr_expect_eq(r.method, METHOD_POST);
    cr_expect(slice_equal(r.path, SLICE("/b")));
    cr_expect(slice_equal(r.query, SLICE("reply=1")));
    cr_expect(slice_equal(r.origin, SLICE("null")));
    cr_expect(slice_equal(r.body, SLICE("abc")));
    cr_expect_not(r.keep_alive);
    cr_expect(takes(START "\r\n"));
    cr_expect(takes(START "connection: Keep-Alive\r\n\r\n"));
    cr_expect(takes("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"));
}

Test(http_plain, declines_all_that_is_unusual)
{
    static const char *const ODD[] = {
        START "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        START "Expect: 100-continue\r\n\r\n",
        START "Upgrade: h2c\r\n\r\n",
        START "Proxy-Connection: close\r\n\r\n",
        START "Connection: close, te\r\n\r\n",
        START "Connection:\r\n\r\n",
        START "Host: a.vn\r\n\r\n",
        START "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
        START "Content-Length: 1\r\n\r\n",
        START "Content-Length: +0\r\n\r\n",
        START "Content-Length: 65537\r\n\r\n",
        START "Referer: a\r\nReferer: b\r\n\r\n",
        START "X: a\tb\r\n\r\n",
        START "X: a\x7f\r\n\r\n",
        START "X: a\rb\r\n\r\n",
        START "X: a\nY: b\r\n\r\n",
        START "X : a\r\n\r\n",
        START " X: a\r\n\r\n",
        START ": a\r\n\r\n",
        START "X\r\n\r\n",
        START "\n",
        START,
        START "\r",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: :80\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:x\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.10\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\n\r\n",
        "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "",
    };
    for (size_t i = 0; i < sizeof ODD / sizeof *ODD; i++)
        cr_expect_not(takes(ODD[i]), "%s", ODD[i]);
    struct http_request r;
    size_t used;
    cr_expect_not(takes_slice(SLICE(START "X: a\0b\r\n\r\n"), &r, &used));
}

/* Names of every length, with every byte at every place. */
Test(http_plain, knows_what_a_name_is_made_of)
{
    static const char NAME[] = "X-Abcdefghijklmnopqrstuvwxyz-0123456789";
    char text[200];
    for (int length = 1; length < (int)sizeof NAME; length++)
        for (int at = 0; at < length; at++)
            for (int c = 1; c < 256; c++) {
                int name = sprintf(text, START "%.*s", length, NAME) - length;
                text[name + at] = (char)c;
                sprintf(text + name + length, ": v\r\n\r\n");
                bool good =
                    (isascii(c) && isalnum(c)) || c == '-' || (c == ':' && at > 0);
                cr_assert_eq(takes(text), good, "%s", text);
            }
}

/* A head of `head` bytes with `headers` header lines and a target of `target` bytes. */
static bool takes_sized(size_t target, unsigned headers, size_t head)
{
    struct http_request r;
    size_t used, at = 0;
    char *text = malloc(head + 1);
    at += (size_t)sprintf(text + at, "GET /");
    memset(text + at, 'x', target - 1);
    at += target - 1;
    at += (size_t)sprintf(text + at, " HTTP/1.1\r\nHost: a\r\n");
    for (unsigned i = 2; i < headers; i++)
        at += (size_t)sprintf(text + at, "X: %u\r\n", i);
    at += (size_t)sprintf(text + at, "Y: ");
    memset(text + at, 'y', head - 4 - at);
    sprintf(text + head - 4, "\r\n\r\n");
    bool taken = http_plain_take((struct slice){text, head}, &r, &used);
    cr_expect(!taken || used == head);
    free(text);
    return taken;
}

Test(http_plain, has_the_limits_of_the_long_way)
{
    cr_expect(takes_sized(HTTP_TARGET_MAX, 2, 6000));
    cr_expect_not(takes_sized(HTTP_TARGET_MAX + 1, 2, 6000));
    cr_expect(takes_sized(1, HTTP_HEADERS_MAX, 6000));
    cr_expect_not(takes_sized(1, HTTP_HEADERS_MAX + 1, 6000));
    cr_expect(takes_sized(1, 2, HTTP_HEAD_MAX));
    cr_expect_not(takes_sized(1, 2, HTTP_HEAD_MAX + 1));
}

/* Lines that end at, before and behind every edge of what is looked at at once. */
Test(http_plain, does_not_mind_where_a_line_ends)
{
    for (size_t head = 60; head < 400; head++)
        cr_expect(takes_sized(1 + head % 7, 2, head), "%zu", head);
}
