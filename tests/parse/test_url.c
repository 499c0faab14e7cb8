#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <strings.h>

#include "parse/url.h"

static void expect_url(const char *text, const char *scheme, const char *host,
                       const char *port, const char *path, const char *query)
{
    struct url url;
    url_parse(&url, slice_of(text));
    cr_expect(slice_equal(url.scheme, slice_of(scheme)), "scheme of %s", text);
    cr_expect(slice_equal(url.host, slice_of(host)), "host of %s: %.*s", text,
              (int)url.host.length, url.host.at);
    cr_expect(slice_equal(url_host(slice_of(text)), url.host), "alone, of %s", text);
    cr_expect(slice_equal(url.port, slice_of(port)), "port of %s", text);
    cr_expect(slice_equal(url.path, slice_of(path)), "path of %s: %.*s", text,
              (int)url.path.length, url.path.at);
    cr_expect(slice_equal(url.query, slice_of(query)), "query of %s", text);
}

Test(url, has_parts)
{
    expect_url("https://user@Example.com:8080/a?b#c", "https", "Example.com", "8080",
               "/a", "b");
    expect_url("//host/a", "", "host", "", "/a", "");
    expect_url("/a?b", "", "", "", "/a", "b");
    expect_url("", "", "", "", "", "");
    expect_url("https://a.vn", "https", "a.vn", "", "", "");
    expect_url("https://a.vn?x", "https", "a.vn", "", "", "x");
    expect_url("https://a.vn#x?y", "https", "a.vn", "", "", "");
    expect_url("/a?b?c#d?e", "", "", "", "/a", "b?c");
    expect_url("  https://a.vn/ \r\n", "https", "a.vn", "", "/", "");
    expect_url("tin-tuc/1:2", "", "", "", "tin-tuc/1:2", "");
    expect_url("android-app://com.zing.zalo/x", "android-app", "com.zing.zalo", "", "/x",
               "");
    expect_url("mailto:a@b.vn", "mailto", "", "", "a@b.vn", "");
}

Test(url, a_host_has_no_userinfo_port_brackets_or_final_dot)
{
    expect_url("http://a:b@c@d.vn:80/", "http", "d.vn", "80", "/", "");
    expect_url("http://[2001:db8::1]:81/", "http", "2001:db8::1", "81", "/", "");
    expect_url("http://a.vn./", "http", "a.vn", "", "/", "");
    expect_url("http://a.vn:/", "http", "a.vn", "", "/", "");
    expect_url("http://\xc4\x91.vn/", "http", "\xc4\x91.vn", "", "/", "");
}

Test(url, what_a_browser_would_not_open_has_no_host)
{
    const char *const bad[] = {"http://a:b/",  "http://a:80:80/",
                               "http://[::1/", "http://[::1]x/",
                               "http://a b/",  "http://a%41/",
                               "http://<a>/",  "http:///x",
                               "http://user@", "http://:80/",
                               "http:/",       "http",
                               "1http://a/",   "://a/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct url url;
        url_parse(&url, slice_of(bad[i]));
        cr_expect_eq(url.host.length, 0, "%s: %.*s", bad[i], (int)url.host.length,
                     url.host.at);
    }
}

Test(url, reads_a_backslash_like_browsers_do)
{
    expect_url("http://good.vn\\@evil.vn/", "http", "good.vn", "", "\\@evil.vn/", "");
    expect_url("https:\\\\a.vn\\b", "https", "a.vn", "", "\\b", "");
}

/* Of every length, with every byte at every place: what sixteen bytes say at once is what each
 * says alone. */
Test(url, finds_every_host_that_an_authority_may_be)
{
    char text[64];

    for (int length = 1; length <= 36; length++)
        for (int at = 0; at < length; at++)
            for (int c = 1; c < 256; c++) {
                int size = sprintf(text, "https://%.*s/123456789", length,
                                   "www.so-y-te.example.gov.vn0123456789");
                struct slice host = {text + 8, (size_t)length}, found;
                if (strchr("/\\?#", c) != NULL)
                    continue;
                text[8 + at] = (char)c;
                found = url_host((struct slice){text, (size_t)size});
                cr_assert(slice_equal(found, url_authority_host(host)), "%s", text);
            }
}

Test(url, knows_the_host_of_an_authority)
{
    const char *const cases[][2] = {{"a.vn", "a.vn"},
                                    {"a.vn:8080", "a.vn"},
                                    {"[::1]", "::1"},
                                    {"[::1]:80", "::1"},
                                    {"127.0.0.1:1", "127.0.0.1"},
                                    {"a.vn.", "a.vn"},
                                    {"", ""},
                                    {"a:b", ""},
                                    {"::1", ""},
                                    {"u@a", "a"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice host = url_authority_host(slice_of(cases[i][0]));
        cr_expect(slice_equal(host, slice_of(cases[i][1])), "%s", cases[i][0]);
    }
}

/* web-platform-tests' URLs, as far as the host is written in the input as it is (no
 * escapes, IPv4 shorthands or IDN, no tabs inside, two slashes). Nothing is normalised
 * but case, so ports and paths are not compared. */
static bool is_comparable(const char *input, const char *host)
{
    bool http = strncasecmp(input, "http://", 7) == 0;
    bool https = strncasecmp(input, "https://", 8) == 0;
    if ((!http && !https) || strchr("/\\", input[http ? 7 : 8]) != NULL)
        return false;
    for (const char *at = input; *at != '\0'; at++)
        if ((unsigned char)*at >= 0x7f || (unsigned char)*at <= ' ' || *at == '%')
            return false;
    return strcasestr(input, host) != NULL;
}

Test(url, finds_the_hosts_that_the_url_standard_finds)
{
    json_t *cases =
        json_load_file("../shared/corpus/url/urltestdata.json", JSON_ALLOW_NUL, NULL);
    if (cases == NULL) {
        printf("skipped: no corpus\n");
        return;
    }
    size_t i, compared = 0;
    json_t *one;
    json_array_foreach(cases, i, one)
    {
        const char *input = json_string_value(json_object_get(one, "input"));
        const char *host = json_string_value(json_object_get(one, "hostname"));
        char expected[300] = "";
        struct url url;
        if (input == NULL || host == NULL)
            continue;
        size_t length = strlen(host);
        snprintf(expected, sizeof expected, "%.*s",
                 (int)(*host == '[' ? length - 2 : length),
                 *host == '[' ? host + 1 : host);
        if (length > 0 && expected[strlen(expected) - 1] == '.')
            expected[strlen(expected) - 1] = '\0';
        if (!is_comparable(input, expected))
            continue;
        url_parse(&url, slice_of(input));
        cr_expect(slice_equal_nocase(url.host, slice_of(expected)), "%s: %.*s, not %s",
                  input, (int)url.host.length, url.host.at, expected);
        compared++;
    }
    cr_expect_geq(compared, 40);
    json_decref(cases);
}
