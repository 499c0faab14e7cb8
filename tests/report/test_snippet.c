#include "report/snippet.h"

#include "lib/read_json.h"
#include "lib/town.h"

static const char sites[] = "[site by-key]\nany_host = yes\nmetric = views\n"
                            "[site by-host]\nhosts = a.vn\nbox_week = rolling\n";

static const char *text(const struct town *t, const char *key, enum language language)
{
    static char memory[SNIPPET_BYTES + 1];
    const struct snippet_place place = {.url = SLICE("https://count.a.vn/luot/"),
                                        .site = town_site(t, key),
                                        .language = language};
    struct buffer b;

    buffer_init(&b, memory, SNIPPET_BYTES);
    snippet_text(&b, &place);
    cr_assert_eq(buffer_error(&b), 0);
    memory[b.length] = '\0';
    return memory;
}

Test(snippet, takes_only_what_stays_inside_its_quotes)
{
    static const char *const fine[] = {"https://count.a.vn", "http://10.0.0.1:8080/luot/",
                                       "https://[2001:db8::1]/"};
    static const char *const wrong[] = {"",
                                        "count.a.vn",
                                        "ftp://a.vn",
                                        "//a.vn/",
                                        "https://a.vn/\"x",
                                        "https://a.vn/<b>",
                                        "https://a.vn/ x",
                                        "javascript:alert(1)"};

    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        cr_expect(snippet_url_is_valid(slice_of(fine[i])), "%s", fine[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_not(snippet_url_is_valid(slice_of(wrong[i])), "%s", wrong[i]);
    cr_expect_not(snippet_url_is_valid((struct slice){"https://a\0b", 11}));
}

Test(snippet, the_tag_is_the_same_for_all_portals_that_have_hosts)
{
    struct town t;

    town_init(&t, sites, TOWN_NOON);
    cr_expect_not_null(
        strstr(text(&t, "by-host", LANGUAGE_VI),
               "<script async src=\"https://count.a.vn/luot/luot.js\"></script>"));
    cr_expect_null(strstr(text(&t, "by-host", LANGUAGE_VI), "data-site"));
    cr_expect_not_null(strstr(text(&t, "by-key", LANGUAGE_VI),
                              "luot.js\" data-site=\"by-key\"></script>"));
    cr_expect_not_null(strstr(text(&t, "by-key", LANGUAGE_VI), "data-site: by-key } }"));
    town_release(&t);
}

Test(snippet, the_tag_that_delays_nothing_is_first_and_where_it_can_be)
{
    static const char loader[] =
        "<script>addEventListener('load',function(){var "
        "s=document.createElement('script');s.crossOrigin='';"
        "s.src='https://count.a.vn/luot/luot.js';document.head.appendChild(s)})</script>";
    struct town t;
    const char *all, *first, *async;
    unsigned n = 0;

    town_init(&t, sites, TOWN_NOON);
    all = text(&t, "by-host", LANGUAGE_EN);
    first = strstr(all, loader);
    async = strstr(all, "<script async");
    cr_assert(first != NULL && async != NULL);
    cr_expect_lt(first, async);
    for (; (all = strstr(all, loader)) != NULL; all++)
        n++;
    cr_expect_eq(n, 4u, "HTML, WordPress, Joomla, DNN");
    cr_expect_not_null(strstr(text(&t, "by-key", LANGUAGE_EN),
                              "luot.js';s.dataset.site='by-key';document.head"));
    town_release(&t);
}

Test(snippet, says_in_each_language_what_the_box_will_say)
{
    struct town t;
    const char *vi;

    town_init(&t, sites, TOWN_NOON);
    vi = text(&t, "by-host", LANGUAGE_VI);
    cr_expect_not_null(strstr(vi, "<strong>LƯỢT TRUY CẬP</strong>"));
    cr_expect_not_null(strstr(vi, "<li>7 ngày qua: <b>–</b></li>"));
    cr_expect_not_null(
        strstr(text(&t, "by-key", LANGUAGE_EN), "<strong>PAGE VIEWS</strong>"));
    for (int language = LANGUAGE_VI; language <= LANGUAGE_KM; language++)
        cr_expect_null(strchr(text(&t, "by-key", (enum language)language), '@'),
                       "every name is filled in");
    town_release(&t);
}

Test(snippet, what_takes_no_script_asks_for_the_whole_referrer)
{
    struct town t;
    const char *at;
    unsigned n = 0;

    town_init(&t, sites, TOWN_NOON);
    for (at = text(&t, "by-key", LANGUAGE_EN);
         (at = strstr(at, "referrerpolicy=\"no-referrer-when-downgrade\"")) != NULL; at++)
        n++;
    cr_expect_eq(n, 3u, "iframe, badge, pixel");
    cr_expect_not_null(
        strstr(text(&t, "by-key", LANGUAGE_EN),
               "script-src https://count.a.vn; connect-src https://count.a.vn;"));
    town_release(&t);
}

Test(snippet, as_json_is_whole)
{
    char memory[SNIPPET_BYTES];
    struct snippet_place place = {.url = SLICE("https://HOST/"), .language = LANGUAGE_KM};
    struct buffer b;
    struct town t;
    json_t *root;

    town_init(&t, sites, TOWN_NOON);
    place.site = town_site(&t, "by-key");
    buffer_init(&b, memory, sizeof memory);
    snippet_json(&b, &place);
    cr_assert_eq(buffer_error(&b), 0);
    root = read_json(buffer_written(&b));
    cr_expect_str_eq(text_at(root, "snippets.0.name"), "html");
    cr_expect_not_null(strstr(text_at(root, "snippets.0.code"), "https://HOST/luot.js"));
    json_decref(root);
    town_release(&t);
}
