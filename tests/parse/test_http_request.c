#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "parse/http_request.h"

/* What a stream of bytes became, as text, so that two ways of cutting it up can be
 * compared. */
struct outcome {
    unsigned requests; /* accepted                             */
    unsigned status;   /* of the refusal that ended it, or 0   */
    bool in_body;      /* unfinished, and the head is complete */
    char first_method[16];
    char text[8192]; /* every slice of every request, in order */
};

static void note(struct outcome *o, const char *name, struct slice s)
{
    size_t used = strlen(o->text);
    snprintf(o->text + used, sizeof o->text - used, "%s=%.*s\n", name, (int)s.length,
             s.at == NULL ? "" : s.at);
}

static void note_request(struct outcome *o, const struct http_request *r)
{
    static const char *const METHODS[] = {"GET", "HEAD", "POST", "OPTIONS", "other"};
    if (o->requests++ == 0)
        snprintf(o->first_method, sizeof o->first_method, "%s", METHODS[r->method]);
    note(o, "method", slice_of(METHODS[r->method]));
    note(o, "target", r->target);
    note(o, "path", r->path);
    note(o, "query", r->query);
    note(o, "host", r->host);
    note(o, "origin", r->origin);
    note(o, "referer", r->referer);
    note(o, "user_agent", r->user_agent);
    note(o, "accept_language", r->accept_language);
    note(o, "accept_encoding", r->accept_encoding);
    note(o, "forwarded_for", r->forwarded_for);
    note(o, "authorization", r->authorization);
    note(o, "content_type", r->content_type);
    note(o, "if_none_match", r->if_none_match);
    note(o, "dnt", r->dnt);
    note(o, "gpc", r->gpc);
    note(o, "purpose", r->purpose);
    note(o, "body", r->body);
    note(o, "keep_alive", r->keep_alive ? SLICE("yes") : SLICE("no"));
    note(o, "continue", r->expects_continue ? SLICE("yes") : SLICE("no"));
}

enum cutting { WHOLE, BYTES, RANDOM };

/* The next prefix to show: at least one byte more. */
static size_t next_cut(enum cutting how, size_t shown, size_t length, uint32_t *seed)
{
    size_t step = length - shown;
    if (how == BYTES && step > 1)
        step = 1;
    if (how == RANDOM && step > 1) {
        *seed = *seed * 1664525 + 1013904223;
        size_t most = step < 40 ? step : 40;
        step = 1 + (*seed >> 16) % most;
    }
    return shown + step;
}

/* Feeds the bytes as a connection would: a growing prefix, each time at another address
 * and exactly as large as it is. */
static struct outcome feed_from(struct slice bytes, enum cutting how, uint32_t seed)
{
    struct outcome o = {0};
    struct http_parser parser;
    struct http_request request;
    size_t begin = 0, shown = 0, used;

    http_parser_init(&parser);
    while (o.status == 0 && (shown < bytes.length || begin < shown)) {
        if (shown < bytes.length)
            shown = next_cut(how, shown, bytes.length, &seed);
        struct slice so_far = {NULL, shown - begin};
        char *copy = malloc(so_far.length);
        memcpy(copy, bytes.at + begin, so_far.length);
        so_far.at = copy;
        int rv = http_parser_feed(&parser, so_far, &request, &used, &o.status);
        if (rv == 0) {
            note_request(&o, &request);
            begin += used;
            http_parser_init(&parser);
        }
        free(copy);
        o.in_body = rv == ERR_PARTIAL && http_parser_in_body(&parser);
        if (rv == ERR_PARTIAL && shown == bytes.length)
            break;
    }
    return o;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->requests == b->requests && a->status == b->status &&
           a->in_body == b->in_body && strcmp(a->text, b->text) == 0;
}

/* Feeds whole, byte by byte and in 8 random ways: all the same, or the test fails. */
static struct outcome feed_bytes(struct slice bytes)
{
    struct outcome whole = feed_from(bytes, WHOLE, 0);
    struct outcome cut = feed_from(bytes, BYTES, 0);
    cr_expect(same(&whole, &cut), "byte by byte: %u %u, whole: %u %u, of\n%.*s",
              cut.requests, cut.status, whole.requests, whole.status, (int)bytes.length,
              bytes.at);
    for (uint32_t seed = 1; seed <= 8; seed++) {
        cut = feed_from(bytes, RANDOM, seed);
        cr_expect(same(&whole, &cut), "seed %u: %u %u, whole: %u %u, of\n%.*s", seed,
                  cut.requests, cut.status, whole.requests, whole.status,
                  (int)bytes.length, bytes.at);
    }
    return whole;
}

static struct outcome feed(const char *text)
{
    return feed_bytes(slice_of(text));
}

#define expect_status(text, expected)                                                    \
    do {                                                                                 \
        struct outcome outcome_ = feed(text);                                            \
        cr_expect(outcome_.status == (expected) && outcome_.requests == 0,               \
                  "%u after %u requests, not %d: %s", outcome_.status,                   \
                  outcome_.requests, (expected), (text));                                \
    } while (0)

#define expect_part(outcome, line)                                                       \
    cr_expect(strstr((outcome).text, line "\n"), "%s", (outcome).text)

#define HEAD "GET / HTTP/1.1\r\nHost: a\r\n"

Test(http_request, gives_every_part_of_a_browsers_request)
{
    struct outcome o =
        feed("POST /b?reply=1&x=? HTTP/1.1\r\nHost: dem.example.vn:8080\r\n"
             "Origin: https://www.example.vn\r\nReferer: https://www.example.vn/tin\r\n"
             "User-Agent:   Mozilla/5.0 (X11) \t \r\naccept-language: vi-VN,vi;q=0.9\r\n"
             "Accept-Encoding: gzip, br\r\nX-Forwarded-For: 203.0.113.9, 10.0.0.1\r\n"
             "Authorization: Bearer abc\r\nContent-Type: text/plain\r\nIf-None-Match: "
             "\"x\"\r\n"
             "DNT: 1\r\nSec-GPC: 1\r\nSec-Purpose: prefetch\r\nContent-Length: "
             "8\r\n\r\ns=a&p=/1");
    cr_assert_eq(o.requests, 1);
    expect_part(o, "method=POST");
    expect_part(o, "target=/b?reply=1&x=?");
    expect_part(o, "path=/b");
    expect_part(o, "query=reply=1&x=?");
    expect_part(o, "host=dem.example.vn:8080");
    expect_part(o, "origin=https://www.example.vn");
    expect_part(o, "referer=https://www.example.vn/tin");
    expect_part(o, "user_agent=Mozilla/5.0 (X11)");
    expect_part(o, "accept_language=vi-VN,vi;q=0.9");
    expect_part(o, "accept_encoding=gzip, br");
    expect_part(o, "forwarded_for=203.0.113.9, 10.0.0.1");
    expect_part(o, "authorization=Bearer abc");
    expect_part(o, "content_type=text/plain");
    expect_part(o, "if_none_match=\"x\"");
    expect_part(o, "dnt=1");
    expect_part(o, "gpc=1");
    expect_part(o, "purpose=prefetch");
    expect_part(o, "body=s=a&p=/1");
    expect_part(o, "keep_alive=yes");
}

Test(http_request, of_a_repeated_header_the_first_counts_but_the_last_forwarded_for)
{
    struct outcome o =
        feed(HEAD "Referer: one\r\nReferer: two\r\nX-Forwarded-For: 1.1.1.1\r\n"
                  "X-Forwarded-For: 2.2.2.2\r\nPurpose: x\r\nX-Moz: y\r\n\r\n");
    cr_assert_eq(o.requests, 1);
    expect_part(o, "referer=one");
    expect_part(o, "forwarded_for=2.2.2.2");
    expect_part(o, "purpose=x");
    o = feed(HEAD "Referer:\r\nReferer: two\r\nX-Forwarded-For: "
                  "1.1.1.1\r\nX-Forwarded-For:\r\n\r\n");
    expect_part(o, "referer=");
    expect_part(o, "forwarded_for=");
}

Test(http_request, splits_the_target)
{
    struct outcome o = feed("GET //evil.example/x?a?b#c HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_part(o, "path=//evil.example/x");
    expect_part(o, "query=a?b");
    o = feed("GET HTTP://Other.example:80?q HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_part(o, "path=/");
    expect_part(o, "query=q");
    expect_part(o, "host=Other.example:80");
    o = feed("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_part(o, "path=*");
}

Test(http_request, knows_when_the_connection_stays_open)
{
    expect_part(feed(HEAD "\r\n"), "keep_alive=yes");
    expect_part(feed(HEAD "Connection: close\r\n\r\n"), "keep_alive=no");
    expect_part(feed(HEAD "Connection: foo, Close\r\n\r\n"), "keep_alive=no");
    expect_part(feed("GET / HTTP/1.0\r\n\r\n"), "keep_alive=no");
    expect_part(feed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
                "keep_alive=yes");
}

Test(http_request, takes_pipelined_requests_one_by_one)
{
    struct outcome o =
        feed(HEAD "\r\n"
                  "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                  "\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3");
    cr_expect_eq(o.requests, 3);
    cr_expect_eq(o.status, 0);
    expect_part(o, "body=abc");
    expect_part(o, "target=/2");
}

Test(http_request, waits_for_the_body_and_says_so)
{
    struct outcome o = feed("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    cr_expect(o.requests == 0 && o.status == 0 && o.in_body);
    o = feed("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n");
    cr_expect(o.requests == 0 && o.status == 0 && !o.in_body);
}

Test(http_request, says_early_that_the_sender_waits_for_100)
{
    struct http_parser p;
    struct http_request r;
    size_t used;
    unsigned status;
    http_parser_init(&p);
    struct slice head = SLICE("POST /b HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n"
                              "Content-Length: 5\r\n\r\n");
    cr_expect_eq(http_parser_feed(&p, head, &r, &used, &status), ERR_PARTIAL);
    cr_expect(http_parser_in_body(&p) && http_parser_expects_continue(&p));
    expect_status(HEAD "Expect: 200-ok\r\n\r\n", 417);
    expect_part(feed("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"), "continue=no");
}

Test(http_request, refuses_what_smuggles)
{
    expect_status(HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501);
    expect_status(HEAD "TRANSFER-encoding: identity\r\n\r\n", 501);
    expect_status(HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 501);
    expect_status(HEAD "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 501);
    expect_status("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 501);
    expect_status(HEAD "Transfer-Encoding : chunked\r\n\r\n", 400);
    expect_status(HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400);
    expect_status(HEAD "Content-Length: 3, 3\r\n\r\n", 400);
    expect_status(HEAD "Content-Length: +3\r\n\r\n", 400);
    expect_status(HEAD "Content-Length: -3\r\n\r\n", 400);
    expect_status(HEAD "Content-Length: 0x3\r\n\r\n", 400);
    expect_status(HEAD "Content-Length: 3 3\r\n\r\n", 400);
    expect_status(HEAD "Content-Length:\r\n\r\n", 400);
    expect_status(HEAD "Content-Length : 3\r\n\r\n", 400);
    expect_status(HEAD "Content\tLength: 3\r\n\r\n", 400);
    expect_status(HEAD "X: a\r\n Content-Length: 3\r\n\r\n", 400);
    expect_status(HEAD "X: a\r\n\t b\r\n\r\n", 400);
    expect_status("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400);
    expect_status(HEAD "X: a\nY: b\r\n\r\n", 400);
    expect_status(HEAD "X: a\rY: b\r\n\r\n", 400);
    expect_status(HEAD "\n", 400);
    expect_status(HEAD ": x\r\n", 400);
    expect_status(HEAD "x\r\n", 400);
    expect_status(HEAD "x : y\r\n", 400);
    expect_status(HEAD "x\xc4: y\r\n", 400);
    expect_status(HEAD "\rX", 400);
    expect_status("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    expect_status("GET / HTTP/1.1\nHost: a\n\n", 400);
    cr_expect_eq(feed_bytes(SLICE(HEAD "X: a\0b\r\n\r\n")).status, 400);
    cr_expect_eq(feed_bytes(SLICE("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n")).status, 400);
}

Test(http_request, refuses_odd_request_lines)
{
    expect_status("GET /\r\n", 505);
    expect_status("GET / HTTP/0.9\r\n", 505);
    expect_status("GET / HTTP/2.0\r\n", 505);
    expect_status("GET / HTTP/1.2\r\n", 505);
    expect_status("GET / HTTP/1.10\r\n", 505);
    expect_status("GET / http/1.1\r\n", 400);
    expect_status("GET / RTSP/1.0\r\n", 400);
    expect_status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
    expect_status("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 501);
    expect_status("GET  / HTTP/1.1\r\n", 400);
    expect_status("GET /  HTTP/1.1\r\n", 400);
    expect_status("GET / HTTP/1.1 \r\n", 505);
    expect_status("GET\t/ HTTP/1.1\r\n", 400);
    expect_status(" GET / HTTP/1.1\r\n", 400);
    expect_status("GET a HTTP/1.1\r\n", 400);
    expect_status("GET ftp://a/ HTTP/1.1\r\n", 400);
    expect_status("GET /\t HTTP/1.1\r\n", 400);
    expect_status("GET /\x7f HTTP/1.1\r\n", 400);
    expect_status("GET /\x0c HTTP/1.1\r\n", 400);
    expect_status("\x16\x03\x01\x02", 400);
    cr_expect_eq(feed("GET /\xc4\x91?\xe1\xbb\xa9 HTTP/1.1\r\nHost: a\r\n\r\n").requests,
                 1, "raw UTF-8, as old browsers send it");
}

Test(http_request, wants_one_good_host)
{
    expect_status("GET / HTTP/1.1\r\n\r\n", 400);
    expect_status(HEAD "Host: a\r\n\r\n", 400);
    cr_expect_eq(feed("GET / HTTP/1.0\r\n\r\n").requests, 1);
    expect_status("GET / HTTP/1.0\r\nHost:\r\nHost: a\r\n\r\n", 400);
    const char *const good[] = {"a",   "A.vn:80", "[::1]:80", "127.0.0.1",
                                "a_b", "a.vn.",   "a:"};
    const char *const bad[] = {"",    "u@a",     "a b",  "a/b", "a?b",
                               "a#b", "a\\b",    ":80",  "a:b", "[::1",
                               "::1", "a:80:80", "a%41", "[]",  "[::1]x"};
    char text[200];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", good[i]);
        cr_expect_eq(feed(text).requests, 1, "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", bad[i]);
        expect_status(text, 400);
        snprintf(text, sizeof text, "GET http://%s/ HTTP/1.1\r\nHost: a\r\n\r\n", bad[i]);
        if (strpbrk(bad[i], "/?#") == NULL)
            expect_status(text, 400);
    }
}

/* "GET /xxx" + `target` bytes of target in all, `headers` headers beside Host, the last
 * filled up to `head` bytes. */
static struct outcome feed_sized(size_t target, unsigned headers, size_t head)
{
    static char text[3 * HTTP_HEAD_MAX];
    char *at = text + sprintf(text, "GET /");
    memset(at, 'x', target - 1);
    at += target - 1;
    at += sprintf(at, " HTTP/1.1\r\nHost: a\r\n");
    while (headers-- > 0)
        at += sprintf(at, "X: y\r\n");
    if (head > (size_t)(at - text) + 7) {
        size_t fill = head - (size_t)(at - text) - 7;
        at += sprintf(at, "Z: ");
        memset(at, 'z', fill);
        at += fill;
        at += sprintf(at, "\r\n");
    }
    at += sprintf(at, "\r\n");
    return feed_from((struct slice){text, (size_t)(at - text)}, WHOLE, 0);
}

Test(http_request, has_limits)
{
    cr_expect_eq(feed_sized(HTTP_TARGET_MAX, 0, 0).requests, 1);
    cr_expect_eq(feed_sized(HTTP_TARGET_MAX + 1, 0, 0).status, 414);
    cr_expect_eq(feed_sized(2 * HTTP_HEAD_MAX, 0, 0).status, 414);
    cr_expect_eq(feed_sized(1, HTTP_HEADERS_MAX - 1, 0).requests, 1);
    cr_expect_eq(feed_sized(1, HTTP_HEADERS_MAX, 0).status, 431);
    cr_expect_eq(feed_sized(1, 0, HTTP_HEAD_MAX).requests, 1);
    cr_expect_eq(feed_sized(1, 0, HTTP_HEAD_MAX + 1).status, 431);
    struct outcome o =
        feed("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n");
    cr_expect(o.status == 0 && o.in_body);
    expect_status("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", 413);
    expect_status(
        "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999\r\n\r\n",
        413);
}

Test(http_request, refuses_the_same_byte_however_long_lines_are_cut)
{
    static char text[HTTP_HEAD_MAX + 600];
    for (unsigned i = 0; i < 6; i++) {
        memset(text, i < 3 ? 'x' : '\n', sizeof text);
        memcpy(text, "GET /", 5);
        if (i % 3 == 1)
            text[HTTP_TARGET_MAX - 50] = 0x01;
        if (i % 3 == 2)
            memcpy(text, HEAD, sizeof HEAD - 1);
        feed_bytes((struct slice){text, sizeof text});
    }
}

/* The corpus. Where we differ from what a case expects we do so on purpose: */
enum verdict { ACCEPT, REJECT, INCOMPLETE };

struct difference {
    const char *id;
    enum verdict ours;
    const char *why;
};

#define NO_CHUNKED "a beacon never needs Transfer-Encoding: 501 and close"
#define NO_FOLDING "folded headers are refused, RFC 9112 5.2 allows it"
#define NO_TUNNEL  "we are no proxy: 501"
#define LENIENT    "the case switches a check off; we never do"

static const struct difference DIFFERENCES[] = {
    {"h1spec/Chunked Transfer-Encoding", REJECT, NO_CHUNKED},
    {"http11probe/Compliance/COMP-CHUNKED-BODY", REJECT, NO_CHUNKED},
    {"http11probe/Compliance/COMP-CHUNKED-HEX-UPPERCASE", REJECT, NO_CHUNKED},
    {"http11probe/Compliance/COMP-POST-CL-UNDERSEND", INCOMPLETE,
     "ended by the deadline"},
    {"llhttp/connection/Multiple tokens with folding", REJECT, NO_FOLDING},
    {"llhttp/connection/Invalid whitespace token with `Connection` header field "
     "(lenient)",
     REJECT, LENIENT},
    {"llhttp/content-length/Invalid whitespace token with `Content-Length` header field "
     "(lenient)",
     REJECT, LENIENT},
    {"llhttp/content-length/Empty `Content-Length`", INCOMPLETE,
     "refused when the head ends"},
    {"llhttp/content-length/Content-Length reset when no body is received", INCOMPLETE,
     "it announces 123 bytes, so they are waited for"},
    {"llhttp/invalid/Headers separated by dummy characters (lenient)", REJECT, LENIENT},
    {"llhttp/invalid/Spaces before headers (lenient)", REJECT, LENIENT},
    {"llhttp/lenient-headers/Header value (lenient)", REJECT, LENIENT},
    {"llhttp/lenient-version/Invalid HTTP version (lenient)", REJECT, LENIENT},
    {"llhttp/method/CONNECT request", REJECT, NO_TUNNEL},
    {"llhttp/method/OPTIONS request with RTSP", REJECT, "not HTTP"},
    {"llhttp/method/ANNOUNCE request with RTSP", REJECT, "not HTTP"},
    {"llhttp/sample/No HTTP version", REJECT, "HTTP/0.9: 505"},
    {"llhttp/sample/No LF after CR (lenient)", REJECT, LENIENT},
    {"llhttp/transfer-encoding/Two chunks and triple zero prefixed end chunk", REJECT,
     NO_CHUNKED},
    {"llhttp/transfer-encoding/Chunk extensions", REJECT, NO_CHUNKED},
    {"llhttp/transfer-encoding/Chunk extensions quoting", REJECT, NO_CHUNKED},
    {"llhttp/transfer-encoding/POST with `Transfer-Encoding` and `Content-Length` "
     "(lenient)",
     REJECT, LENIENT},
    {"llhttp/transfer-encoding/POST with `chunked` as last transfer-encoding (multiple "
     "headers)",
     REJECT, NO_CHUNKED},
    {"llhttp/transfer-encoding/Chunk header not terminated by CRLF (lenient)", REJECT,
     LENIENT},
    {"llhttp/transfer-encoding/Space after chunk header (lenient)", REJECT, LENIENT},
    {"llhttp/uri/Underscore in hostname", REJECT, NO_TUNNEL},
    {"pico/parse multiline", REJECT, NO_FOLDING},
    {"pico/accept multiple spaces between tokens", REJECT, "one space each, RFC 9112 3"},
};

static const char *difference(const char *id, enum verdict ours)
{
    for (size_t i = 0; i < sizeof DIFFERENCES / sizeof *DIFFERENCES; i++)
        if (strcmp(DIFFERENCES[i].id, id) == 0 && DIFFERENCES[i].ours == ours)
            return DIFFERENCES[i].why;
    return NULL;
}

static size_t decode_base64(const char *text, char *to)
{
    static const char DIGITS[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0, word = 0;
    size_t length = 0;
    for (; *text != '\0' && *text != '='; text++) {
        word = word << 6 | (unsigned)(strchr(DIGITS, *text) - DIGITS);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            to[length++] = (char)(word >> bits);
        }
    }
    return length;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static size_t insert(char *raw, size_t length, size_t at, const char *text)
{
    memmove(raw + at + strlen(text), raw + at, length - at);
    memcpy(raw + at, text, strlen(text));
    return length + strlen(text);
}

/* llhttp's own files write heads without a Host and often without the empty line at their
 * end. */
static size_t complete_head(char *raw, size_t length)
{
    const char *version = memmem(raw, length, " HTTP/1.1\r\n", 11);
    if (memmem(raw, length, "\r\n\r\n", 4) == NULL &&
        memcmp(raw + length - 2, "\r\n", 2) == 0)
        length = insert(raw, length, length, "\r\n");
    if (version != NULL && memmem(raw, length, "\nHost:", 6) == NULL &&
        memmem(raw, length, "\nHOST:", 6) == NULL)
        length = insert(raw, length, (size_t)(version - raw) + 11, "Host: a\r\n");
    return length;
}

/* Method, target and body of the first request, where the case says them. */
static bool has_parts(const struct outcome *o, const json_t *one)
{
    const char *method = text_of(one, "method");
    bool ours = strstr("GET HEAD POST OPTIONS", method) != NULL;
    char target[512], body[512];
    snprintf(target, sizeof target, "target=%s", text_of(one, "target"));
    snprintf(body, sizeof body, "body=%s", text_of(one, "body"));
    return (strcmp(o->first_method, ours ? method : "other") == 0 || *method == '\0') &&
           strstr(o->text, target) != NULL && strstr(o->text, body) != NULL;
}

static void check_case(const json_t *one)
{
    const char *encoded = text_of(one, "raw_b64"), *expect = text_of(one, "expect");
    const char *id = text_of(one, "id");
    bool accept = strncmp(expect, "accept", 6) == 0;
    char *raw = malloc(strlen(encoded) + 20);
    size_t length = decode_base64(encoded, raw);
    if (accept && strcmp(text_of(one, "src"), "llhttp") == 0)
        length = complete_head(raw, length);
    struct outcome o = feed_bytes((struct slice){raw, length});
    enum verdict ours = o.requests > 0 ? ACCEPT : o.status != 0 ? REJECT : INCOMPLETE;
    bool as_expected = (accept && ours == ACCEPT) ||
                       (strcmp(expect, "reject") == 0 && ours == REJECT) ||
                       (strcmp(expect, "incomplete") == 0 && ours == INCOMPLETE) ||
                       strcmp(expect, "either") == 0 || strcmp(expect, "custom") == 0;
    cr_expect(as_expected == (difference(id, ours) == NULL),
              "%s: expected %s, got %u requests and %u", id, expect, o.requests,
              o.status);
    if (accept && ours == ACCEPT)
        cr_expect(has_parts(&o, one), "%s: %s", id, o.text);
    free(raw);
}

Test(http_request, treats_the_corpus_as_expected_or_says_why_not)
{
    static const char *const FILES[] = {"h1spec", "http11probe", "llhttp",
                                        "picohttpparser"};
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        char path[100];
        snprintf(path, sizeof path, "../shared/corpus/http/%s.jsonl", FILES[i]);
        FILE *file = fopen(path, "r");
        if (file == NULL) {
            printf("skipped: no %s\n", path);
            continue;
        }
        unsigned cases = 0;
        json_t *one;
        while ((one = json_loadf(file, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL)) !=
               NULL) {
            check_case(one);
            json_decref(one);
            cases++;
        }
        cr_expect_geq(cases, 20, "%s", path);
        fclose(file);
    }
}
