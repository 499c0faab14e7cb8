#include "parse/page.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>

#include "base/utf8.h"

static char memory[PAGE_MEMORY];

static struct slice name_of(const char *text, const char *keys)
{
    struct page_parts page;

    page_split(&page, slice_of(text));
    page.host = (struct slice){0};
    return page_name(&page, keys, memory);
}

static void expect(const char *text, const char *name)
{
    struct slice got = name_of(text, "");

    cr_expect(slice_equal(got, slice_of(name)), "%s: %.*s, not %s", text, (int)got.length,
              got.at, name);
}

static void expect_query(const char *text, const char *keys, const char *name)
{
    struct slice got = name_of(text, keys);

    cr_expect(slice_equal(got, slice_of(name)), "%s: %.*s, not %s", text, (int)got.length,
              got.at, name);
}

Test(page, loses_scheme_host_query_and_fragment)
{
    expect("https://a.vn/tin-tuc/1?utm_source=x#top", "/tin-tuc/1");
    expect("http://user@A.vn:8080/x", "/x");
    expect("/x?y#z", "/x");
    expect("/x#y?z", "/x");
    expect("x/y", "/x/y");
    expect("https://a.vn", "/");
    expect("https://a.vn?x=1", "/");
    expect("/", "/");
    expect("?id=7", "/");
}

Test(page, is_the_same_however_it_is_linked)
{
    expect("/a/", "/a");
    expect("/a//b///", "/a/b");
    expect("/a/./b/../c", "/a/c");
    expect("/a//../b", "/a/b"); /* an empty segment is one that can be taken back */
    expect("/../../a", "/a");
    expect("/a/..", "/");
    expect("/a/%2e%2E/b", "/b");
    expect("/a/.hidden/...", "/a/.hidden/...");
    expect("//a/b", "/a/b"); /* as servers log it: never a host */
    expect("\\a\\b", "/a/b");
    expect("https:\\\\a.vn\\b", "/b");
    expect("/a/%20", "/a");
    expect("/a/b/. ", "/a/b");
    expect("/a/b/..%20/ ", "/a");
}

Test(page, index_pages_are_their_folder)
{
    expect("/index.html", "/");
    expect("/a/Index.PHP", "/a");
    expect("/a/default.aspx?x=1", "/a");
    expect("/a/index.xhtml/", "/a");
    expect("/index.html/index.php", "/");
    expect("/index", "/index");
    expect("/index.php/a", "/index.php/a");
    expect("/my-index.html", "/my-index.html");
    expect("/index.pdf", "/index.pdf");
    expect("/home.html", "/home.html");
}

Test(page, keeps_upper_and_lower_case)
{
    expect("/Tin-Tuc/ABC", "/Tin-Tuc/ABC");
}

Test(page, vietnamese_and_khmer_are_readable)
{
    expect("/tin-t%E1%BB%A9c/%C4%91%E1%BA%B7c-s%E1%BA%A3n", "/tin-tức/đặc-sản");
    expect("/tin-tức/đặc-sản", "/tin-tức/đặc-sản");
    expect("/%E1%9E%96%E1%9F%90%E1%9E%8F%E1%9F%8C", "/ព័ត៌");
    expect("/a%20b", "/a b");
    expect("/a+b", "/a+b"); /* a plus is a plus in a path */
}

Test(page, keeps_escapes_that_would_say_something_else_or_could_not_be_read)
{
    expect("/a%2fb%3F%23%25%5c", "/a%2Fb%3F%23%25%5C");
    expect("/a%0A%00%7f", "/a%0A%00%7F");
    expect("/100%", "/100%25");
    expect("/%4", "/%254");
    expect("/%zz", "/%25zz");
    expect("/%FF%C4", "/%FF%C4");
    expect("/\xff\xc4/", "/%FF%C4");
    expect("/%ED%A0%80", "/%ED%A0%80");           /* a surrogate */
    expect("/a%E2%80%AEb", "/a%E2%80%AEb");       /* U+202E turns what follows round */
    expect("/%C2%85", "/%C2%85");                 /* a C1 control */
    expect("/%E2%80%8B", "/\xE2\x80\x8B");        /* U+200B is Khmer's space */
    expect("/%D8%A7%D9%84", "/\xD8\xA7\xD9\x84"); /* Arabic letters are letters */
}

Test(page, nobody_named_it)
{
    static const char *const none[] = {"",
                                       " ",
                                       "#top",
                                       "about:blank",
                                       "data:a,b",
                                       "file:///C:/x",
                                       "javascript:1",
                                       "http://",
                                       "http://a b/x"};

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct page_parts page;

        page_split(&page, slice_of(none[i]));
        cr_expect(slice_equal(page_name(&page, "", memory), PAGE_UNKNOWN), "%s", none[i]);
        cr_expect(slice_equal(page_as_written(&page, memory), PAGE_UNKNOWN), "%s",
                  none[i]);
    }
}

static void expect_referer(const char *referer, const char *name)
{
    struct page_parts page;
    struct slice got;

    page_of_referer(&page, slice_of(referer));
    page.host = (struct slice){0};
    got = page_name(&page, "id", memory);
    cr_expect(slice_equal(got, slice_of(name)), "%s: %.*s", referer, (int)got.length,
              got.at);
}

Test(page, a_referer_that_is_a_bare_origin_does_not_say_the_page)
{
    expect_referer("https://a.vn/x/", "/x");
    expect_referer("https://a.vn/?id=1", "/?id=1");
    expect_referer("https://a.vn/", "(unknown)");
    expect_referer("https://a.vn", "(unknown)");
    expect_referer("/x", "(unknown)");
    expect_referer("null", "(unknown)");
    expect_referer("", "(unknown)");
}

Test(page, a_host_that_is_not_the_sites_stands_in_front)
{
    struct page_parts page;
    struct slice got;

    page_split(&page, SLICE("https://Other.VN:8/a/index.html?b"));
    got = page_name(&page, "", memory);
    cr_expect(slice_equal(got, SLICE("other.vn/a")), "%.*s", (int)got.length, got.at);
    page_split(&page, SLICE("https://other.vn"));
    got = page_name(&page, "", memory);
    cr_expect(slice_equal(got, SLICE("other.vn/")), "%.*s", (int)got.length, got.at);
    page_split(&page, SLICE("https://other.vn/../../x"));
    got = page_name(&page, "", memory);
    cr_expect(slice_equal(got, SLICE("other.vn/x")), "%.*s", (int)got.length, got.at);
}

Test(page, keys_that_the_site_lists_stay_in_the_lists_order)
{
    expect_query("/a?x=1&cat=2&id=3", "id, cat", "/a?id=3&cat=2");
    expect_query("/a?id=3&id=4", "id,cat", "/a?id=3");
    expect_query("/a/index.php?id=3#x", "id", "/a?id=3");
    expect_query("/?id=3", "id", "/?id=3");
    expect_query("/a?cat=2", "id", "/a");
    expect_query("/a?id", "id", "/a?id=");
    expect_query("/a?id=t%C3%AAn+g%C3%AC%26x%3d1%2B2", "id", "/a?id=tên gì%26x=1%2B2");
    expect_query("/a?id=%00%ff", "id", "/a?id=%00%FF");
    expect_query("/a?id=x%20", "id", "/a?id=x");
    expect_query("https://a.vn?id=1", "id", "/?id=1");
}

static struct slice name_of_long(const char *piece, size_t count, size_t extra)
{
    static char text[4096];
    size_t length = 1;

    text[0] = '/';
    memset(text + 1, 'a', extra);
    length += extra;
    for (size_t i = 0; i < count; i++, length += strlen(piece))
        memcpy(text + length, piece, strlen(piece));
    text[length] = '\0';
    return name_of(text, "");
}

Test(page, a_long_name_is_cut_after_a_whole_character_and_has_its_mark)
{
    cr_expect_eq(name_of_long("a", 254, 0).length, 255);
    cr_expect(!slice_ends(name_of_long("a", 254, 0), SLICE("…")));
    cr_expect_eq(name_of_long("a", 255, 0).length, 255);
    cr_expect(slice_ends(name_of_long("a", 255, 0), SLICE("…")));
    for (size_t extra = 0; extra < 4; extra++) {
        struct slice letters = name_of_long("đ", 200, extra);

        cr_expect(slice_ends(letters, SLICE("đ…")) && utf8_is_valid(letters));
        cr_expect(letters.length >= 254 && letters.length <= 255);
        letters = name_of_long("%C4%91", 200, extra);
        cr_expect(slice_ends(letters, SLICE("đ…")) && utf8_is_valid(letters));
        letters = name_of_long("%00", 200, extra);
        cr_expect(slice_ends(letters, SLICE("%00…")));
    }
    cr_expect(slice_equal(name_of_long("/x", 2000, 0), name_of_long("/x", 500, 0)));
}

static void expect_as_written(const char *text, const char *name)
{
    struct page_parts page;
    struct slice got;

    page_split(&page, slice_of(text));
    got = page_as_written(&page, memory);
    cr_expect(slice_equal(got, slice_of(name)), "%s: %.*s", text, (int)got.length,
              got.at);
}

Test(page, as_written_is_the_path_of_the_log)
{
    expect_as_written("/a//b/../index.html?x", "/a//b/../index.html");
    expect_as_written("/a/%C4%91#x", "/a/%C4%91");
    expect_as_written("http://a.vn/b/", "/b/");
    expect_as_written("http://a.vn", "/");
    expect_as_written("/\xff", "/%FF");
}

/* The URL standard's own vectors: what a browser makes of an address has the same name as
 * the address. Not compared: tabs and line ends, which browsers take out of the middle. */
Test(page, an_address_and_what_a_browser_makes_of_it_have_one_name)
{
    json_t *rows =
        json_load_file("../shared/corpus/url/urltestdata.json", JSON_ALLOW_NUL, NULL);
    const json_t *row;
    size_t i, compared = 0;

    if (rows == NULL) {
        printf("skipped: no corpus\n");
        return;
    }
    json_array_foreach(rows, i, row)
    {
        const char *input = json_string_value(json_object_get(row, "input"));
        const char *href = json_string_value(json_object_get(row, "href"));
        char first[PAGE_NAME_MAX + 1];
        struct slice name;

        if (href == NULL || json_is_string(json_object_get(row, "base")) ||
            strlen(input) < json_string_length(json_object_get(row, "input")) ||
            strncmp(href, "http", 4) != 0 || strpbrk(input, "\t\n\r") != NULL)
            continue;
        name = name_of(input, "");
        if (slice_equal(name, PAGE_UNKNOWN))
            continue; /* of a host that only a browser mends */
        memcpy(first, name.at, name.length);
        first[name.length] = '\0';
        expect(href, first);
        compared++;
    }
    cr_expect_gt(compared, 50, "%zu", compared);
    json_decref(rows);
}
