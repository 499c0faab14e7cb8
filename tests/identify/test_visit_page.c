#include "identify/visit_page.h"

#include <criterion/criterion.h>

static struct site_config config;
static struct visit_text text;
static char line_copy[4096], scratch[BEACON_SCRATCH];

/* What a line says, sent from a page of a.vn. */
static struct visit seen(const char *line, struct visit_scene scene)
{
    static struct beacon beacon;
    struct visit visit = {.slot = 0};

    strcpy(line_copy, line);
    memset(&text, 0x55, sizeof text);
    cr_assert_eq(beacon_parse(&beacon, slice_of(line_copy), scratch), 0, "%s", line);
    scene.beacon = &beacon;
    scene.config = &config;
    visit.kind = beacon.kind == BEACON_VIEW   ? VISIT_VIEW
                 : beacon.kind == BEACON_PING ? VISIT_PING
                                              : VISIT_EVENT;
    visit_scene_page(&scene);
    visit_page(&visit, &scene, &text);
    return visit;
}

static void expect_key(const struct visit *visit, enum dimension d, const char *key,
                       const char *line)
{
    cr_expect(slice_equal(visit->key[d], slice_of(key)), "%s: `%.*s`, not `%s`", line,
              (int)visit->key[d].length, visit->key[d].at, key);
}

static void expect(const char *line, enum dimension d, const char *key)
{
    struct visit_scene scene = {.page_host = SLICE("a.vn")};
    struct visit visit = seen(line, scene);

    expect_key(&visit, d, key, line);
}

/* --- Pages --- */

Test(visit_page, a_page_is_its_name_without_the_sites_own_host)
{
    strcpy(config.hosts, "a.vn, *.a.vn");
    expect("p=/x/", DIM_PAGES, "/x");
    expect("p=https%3A%2F%2Fa.vn%2Fx%3Fy", DIM_PAGES, "/x");
    expect("p=https://WWW.a.vn/x", DIM_PAGES, "/x");
    expect("p=https://a.vn", DIM_PAGES, "/");
    expect("p=https://b.vn/x", DIM_PAGES, "b.vn/x");
    expect("p=/tin%2Dt%25E1%25BB%25A9c", DIM_PAGES, "/tin-tức");
}

Test(visit_page, a_site_that_names_no_hosts_has_pages_of_any)
{
    expect("p=https://b.vn/x", DIM_PAGES, "/x");
}

Test(visit_page, without_p_the_referer_says_the_page_but_for_a_bare_origin)
{
    struct visit_scene scene = {.page_host = SLICE("a.vn"),
                                .referer = SLICE("https://a.vn/x?utm_source=zalo")};
    struct visit visit = seen("k=view", scene);

    expect_key(&visit, DIM_PAGES, "/x", "no p");
    expect_key(&visit, DIM_CAMPAIGNS, "zalo", "no p");
    scene.referer = SLICE("https://a.vn/");
    visit = seen("k=view", scene);
    expect_key(&visit, DIM_PAGES, "(unknown)", "bare");
    visit = seen("p=/", scene);
    expect_key(&visit, DIM_PAGES, "/", "p=/");
}

Test(visit_page, the_query_keys_of_the_site_make_another_page)
{
    strcpy(config.page_query, "id");
    expect("p=/x%3Fid%3D7%26y%3D1", DIM_PAGES, "/x?id=7");
}

Test(visit_page, as_written_is_the_path_of_the_log)
{
    struct visit_scene scene = {.as_written = true};
    struct visit visit = seen("p=/a//index.html?x", scene);

    expect_key(&visit, DIM_PAGES, "/a//index.html", "as written");
}

/* --- Campaigns --- */

Test(visit_page, a_campaign_is_its_source_medium_and_name)
{
    expect(
        "p=/x%3Futm_source%3Dzalo%26utm_medium%3Doa%26utm_campaign%3Dt%25E1%25BA%25BFt",
        DIM_CAMPAIGNS, "zalo / oa / tết");
    expect("p=/x?utm_campaign=b", DIM_CAMPAIGNS, "- / - / b");
    expect("p=/x%3Futm_source%3Da%26utm_campaign%3Dc%2Bd", DIM_CAMPAIGNS, "a / - / c d");
    expect("p=/x?utm_medium=mail", DIM_CAMPAIGNS, "- / mail");
    expect("p=/x?ref=hn", DIM_CAMPAIGNS, "hn");
    expect("p=/x%3Fref%3Dhn%26utm_source%3Dzalo", DIM_CAMPAIGNS, "zalo");
    expect("p=/x%3Futm_source%3D%26ref%3Dhn", DIM_CAMPAIGNS, "hn");
    expect("p=/x?utm_source=%2520", DIM_CAMPAIGNS, "-");
    expect("p=/x?q=1", DIM_CAMPAIGNS, "");
    expect("p=/x", DIM_CAMPAIGNS, "");
    expect("p=/x%23utm_source%3Da", DIM_CAMPAIGNS, "");
    expect("p=/x?utm_source=%25FF%2500", DIM_CAMPAIGNS, "%FF%00");
}

Test(visit_page, a_campaign_of_any_length_is_a_key)
{
    char line[4000] = "p=/x";
    struct visit visit;
    static const char *const names[] = {"%3Futm_source%3D", "%26utm_medium%3D",
                                        "%26utm_campaign%3D"};

    for (int i = 0; i < 3; i++) {
        strcat(line, names[i]);
        for (int n = 0; n < 70; n++)
            strcat(line, "%25E1%25BA%25BF");
    }
    visit = seen(line, (struct visit_scene){.page_host = {0}});
    cr_expect_leq(visit.key[DIM_CAMPAIGNS].length, LUOT_TOP_KEY_MAX);
    cr_expect_gt(visit.key[DIM_CAMPAIGNS].length, 230);
    cr_expect(slice_ends(visit.key[DIM_CAMPAIGNS], SLICE("ế…")));
}

/* --- Languages and screens --- */

Test(visit_page, a_language_is_the_primary_one)
{
    struct visit_scene scene = {.accept_language = SLICE("km-KH,km;q=0.9,en;q=0.8")};
    struct visit visit;

    expect("l=vi", DIM_LANGUAGES, "vi");
    expect("l=VI-vn", DIM_LANGUAGES, "vi");
    expect("l=zh_Hant_TW", DIM_LANGUAGES, "zh");
    expect("l=fil", DIM_LANGUAGES, "fil");
    expect("l=v", DIM_LANGUAGES, "");
    expect("l=viet", DIM_LANGUAGES, "");
    expect("l=v1", DIM_LANGUAGES, "");
    expect("l=*", DIM_LANGUAGES, "");
    expect("l=vi!", DIM_LANGUAGES, "");
    visit = seen("p=/", scene);
    expect_key(&visit, DIM_LANGUAGES, "km", "Accept-Language");
    visit = seen("p=/&l=en-US", scene);
    expect_key(&visit, DIM_LANGUAGES, "en", "l before Accept-Language");
}

Test(visit_page, a_screen_is_a_class_of_widths)
{
    static const char *const widths[][2] = {{"w=1", "<576"},
                                            {"w=575", "<576"},
                                            {"w=576", "576-767"},
                                            {"w=767", "576-767"},
                                            {"w=768", "768-991"},
                                            {"w=992", "992-1199"},
                                            {"w=1200", "1200-1599"},
                                            {"w=1599", "1200-1599"},
                                            {"w=1600", ">=1600"},
                                            {"w=65535", ">=1600"},
                                            {"w=0", ""},
                                            {"p=/", ""}};

    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
        expect(widths[i][0], DIM_SCREENS, widths[i][1]);
}

/* --- Events and pings --- */

Test(visit_page, an_event_is_its_name)
{
    expect("e=outbound&p=/x", DIM_EVENTS, "outbound");
    expect("e=%C4%91%C4%83ng+k%C3%BD", DIM_EVENTS, "đăng ký");
    expect("e=a%0Ab%FF", DIM_EVENTS, "a%0Ab%FF");
}

Test(visit_page, downloads_and_pages_that_were_not_there_are_named)
{
    strcpy(config.hosts, "a.vn");
    expect("e=download&p=https://a.vn/files/b%25E1%25BA%25A3n.pdf?v=2", DIM_DOWNLOADS,
           "/files/bản.pdf");
    expect("e=download&p=https://cdn.vn/x.pdf", DIM_DOWNLOADS, "cdn.vn/x.pdf");
    expect("e=download", DIM_DOWNLOADS, "(unknown)");
    expect("e=download&p=/x", DIM_EVENTS, "download");
    expect("e=404&p=/old/", DIM_NOT_FOUND, "/old");
    expect("e=404&p=/old/", DIM_EVENTS, "404");
    expect("e=other&p=/old/", DIM_NOT_FOUND, "");
    expect("e=other&p=/old/", DIM_DOWNLOADS, "");
}

Test(visit_page, an_event_is_no_view_and_a_ping_is_nothing)
{
    struct visit event =
        seen("e=x&p=/y?utm_source=z&l=vi&w=500", (struct visit_scene){.page_host = {0}});
    struct visit ping = seen("k=ping&p=/y&l=vi", (struct visit_scene){.page_host = {0}});

    for (enum dimension d = 0; d < DIMENSIONS; d++) {
        cr_expect(d == DIM_EVENTS || event.key[d].length == 0, "%d", (int)d);
        cr_expect_eq(ping.key[d].length, 0, "%d", (int)d);
    }
}

Test(visit_page, the_entry_page_is_left_to_who_counts)
{
    expect("p=/x", DIM_ENTRY_PAGES, "");
}
