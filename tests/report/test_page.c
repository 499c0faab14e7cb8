#include "report/page.h"

#include <stdio.h>

#include "lib/read_json.h"
#include "lib/town.h"
#include "report/assets.h"

static const char *grouped(uint64_t number, enum language language)
{
    static char memory[64];
    struct buffer b;

    buffer_init(&b, memory, sizeof memory - 1);
    grouped_number(&b, number, language);
    memory[b.length] = '\0';
    return memory;
}

static const char *filled(const char *text, const struct page *page)
{
    static char memory[8192];
    struct buffer b;

    buffer_init(&b, memory, sizeof memory - 1);
    page_write(&b, slice_of(text), page);
    cr_assert_eq(buffer_error(&b), 0);
    memory[b.length] = '\0';
    return memory;
}

Test(page, groups_thousands_as_the_language_does)
{
    cr_expect_str_eq(grouped(50510, LANGUAGE_VI), "50.510");
    cr_expect_str_eq(grouped(50510, LANGUAGE_KM), "50.510");
    cr_expect_str_eq(grouped(50510, LANGUAGE_EN), "50,510");
    cr_expect_str_eq(grouped(0, LANGUAGE_VI), "0");
    cr_expect_str_eq(grouped(999, LANGUAGE_VI), "999");
    cr_expect_str_eq(grouped(1000, LANGUAGE_VI), "1.000");
    cr_expect_str_eq(grouped(UINT64_MAX, LANGUAGE_EN), "18,446,744,073,709,551,615");
}

Test(page, knows_three_languages_and_takes_vi_for_others)
{
    cr_expect_eq(language_parse(SLICE("en-US")), LANGUAGE_EN);
    cr_expect_eq(language_parse(SLICE("KM")), LANGUAGE_KM);
    cr_expect_eq(language_parse(SLICE("vi")), LANGUAGE_VI);
    cr_expect_eq(language_parse(SLICE("fr")), LANGUAGE_VI);
    cr_expect_eq(language_parse(SLICE("")), LANGUAGE_VI);
}

Test(page, fills_in_names_and_drops_unknown_ones)
{
    struct page page = {.language = LANGUAGE_EN, .version = "1 < 2"};

    cr_expect_str_eq(filled("a{{lang}}b{{ version }}c{{nonsense}}d{{site}}e", &page),
                     "aenb1 &lt; 2cde");
    cr_expect_str_eq(filled("{{label_online}}", &page), "Online now");
    cr_expect_str_eq(filled("open {{ without an end", &page), "open {{ without an end");
    cr_expect_str_eq(filled("", &page), "");
}

Test(page, escapes_what_people_typed)
{
    struct town t;
    struct document d;
    struct page page;

    town_init(&t, "[site demo]\nany_host = yes\ntitle = <b>\"Cổng\" & 'x'\n", TOWN_NOON);
    d = (struct document){.now = town_now(&t), .durable = true, .nodes = 1};
    page = (struct page){.version = "1", .site = town_site(&t, "demo"), .document = &d};
    cr_expect_str_eq(filled("{{title}}", &page),
                     "&lt;b&gt;&quot;Cổng&quot; &amp; &#39;x&#39;");
    town_release(&t);
}

Test(page, names_what_its_script_will_ask_for)
{
    struct page page = {.version = "1", .preload = {"v1/sites.json"}};

    cr_expect_str_eq(filled("[{{preloads}}]", &page),
                     "[<link rel=\"preload\" href=\"v1/sites.json\" as=\"fetch\" "
                     "crossorigin>\n]");
    page.preload[1] = "v1/\"&/snapshot.json";
    cr_expect_not_null(
        strstr(filled("{{preloads}}", &page), "href=\"v1/&quot;&amp;/snapshot.json\""));
    page.preload[0] = NULL;
    cr_expect_str_eq(filled("[{{preloads}}]", &page), "[]");
}

Test(page, has_the_box_without_any_script)
{
    struct town t;
    struct document d;
    struct page page;
    char expected[256];

    town_init(&t, "[site demo]\nany_host = yes\nmetric = views\n", TOWN_NOON);
    for (int i = 0; i < 1234; i++)
        town_view(&t, "demo", 1);
    d = (struct document){.now = town_now(&t), .durable = true, .nodes = 1};
    page = (struct page){.version = "1", .site = town_site(&t, "demo"), .document = &d};
    cr_expect_str_eq(
        filled(
            "{{site}} {{metric}} {{online}} {{today}} {{yesterday}} {{week}} {{month}} "
            "{{total}} {{online_window_s}}",
            &page),
        "demo views 1 1.234 0 1.234 1.234 1.234 300");
    snprintf(expected, sizeof expected, "&quot;total&quot;:1234");
    cr_expect_not_null(strstr(filled("{{json}}", &page), expected));
    cr_expect_null(strchr(filled("{{json}}", &page), '"'), "it stands in an attribute");
    town_release(&t);
}

Test(page, assets_are_found_by_name_with_a_tag_of_their_bytes)
{
    struct asset asset;

    cr_assert(asset_find(&asset, SLICE("luot.js")), "client/luot.js is built in");
    cr_expect_gt(asset.plain.length, 500u);
    cr_expect_gt(asset.gzip.length, 100u);
    cr_expect_eq((unsigned char)asset.gzip.at[0], 0x1F);
    cr_expect_eq((unsigned char)asset.gzip.at[1], 0x8B);
    cr_expect_eq(strlen(asset.etag), 18u);
    cr_expect_not(asset_find(&asset, SLICE("nothing.js")));
    cr_expect_not(asset_find(&asset, SLICE("")));
}
