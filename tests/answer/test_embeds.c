/* What stands on pages without a script, and what luot.js is answered with. */
#include "answer/office.h"
#include "lib/read_json.h"

static const char sites[] = "[site demo]\nany_host = yes\nmetric = views\n"
                            "[site strict]\nhosts = a.vn\n";

#define FROM_PORTAL "Referer: https://a.vn/tin/5\r\nUser-Agent: Firefox\r\n"

static bool body_has(const struct office *o, const char *text)
{
    return memmem(office_body(o).at, office_body(o).length, text, strlen(text)) != NULL;
}

static int64_t counted(struct office *o, const char *path)
{
    json_t *root = read_json(slice_of(office_ask(o, "json stats")));
    int64_t n = integer_at(root, path);

    json_decref(root);
    return n;
}

Test(embeds, what_is_only_shown_counts_nothing_and_may_be_kept)
{
    static const char *const targets[] = {
        "/demo/badge.svg", "/demo/widget.html?lang=en&countx", "/demo/snippet.html"};
    struct office *o = office_new(sites);

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        cr_expect_eq(office_get(o, targets[i], FROM_PORTAL), 200u, "%s", targets[i]);
        cr_expect_str_eq(office_header(o, "Cache-Control"), "max-age=0, s-maxage=1");
        cr_expect_null(office_header(o, "X-Luot"));
    }
    cr_expect_eq(counted(o, "received"), 0);
    office_free(o);
}

Test(embeds, with_count_each_is_a_view_of_the_page_that_holds_it_and_is_in_its_own_number)
{
    struct office *o = office_new(sites);

    cr_expect_eq(office_get(o, "/strict/badge.svg?count&of=total", FROM_PORTAL), 200u);
    cr_expect_str_eq(office_header(o, "Content-Type"), "image/svg+xml; charset=utf-8");
    cr_expect_str_eq(office_header(o, "Cache-Control"), "no-store, max-age=0");
    cr_expect_str_eq(office_header(o, "X-Luot"), "counted");
    cr_expect(body_has(o, ">1</text>"));
    cr_expect_eq(office_get(o, "/strict/badge.svg?of=online&count=", FROM_PORTAL), 200u);
    cr_expect(body_has(o, ">1</text>"));
    cr_expect_eq(office_get(o, "/demo/widget.html?count&s=strict", FROM_PORTAL), 200u);
    cr_expect_str_eq(office_header(o, "X-Luot"), "counted");
    cr_expect(body_has(o, "data-number=\"total\">1</b>"),
              "of `s` the path's is the first");
    cr_expect_eq(counted(o, "counted.view"), 3);
    office_free(o);
}

Test(embeds, a_view_that_is_refused_shows_all_the_same_and_says_so)
{
    struct office *o = office_new(sites);

    cr_expect_eq(office_get(o, "/strict/badge.svg?count", "Referer: https://b.vn/\r\n"),
                 200u);
    cr_expect_str_eq(office_header(o, "X-Luot"), "rejected; reason=origin");
    cr_expect(body_has(o, ">0</text>"));
    cr_expect_eq(office_get(o, "/nobody/badge.svg?count", ""), 404u);
    cr_expect_eq(counted(o, "received"), 2);
    cr_expect_eq(counted(o, "rejected.origin") + counted(o, "rejected.unknown_site"), 2);
    cr_expect_eq(office_http(o, "HEAD /demo/badge.svg?count HTTP/1.1\r\nHost: x\r\n\r\n"),
                 200u);
    cr_expect_eq(counted(o, "received"), 2, "asking with HEAD counts nothing");
    office_free(o);
}

Test(embeds, nobody_reads_that_nobody_is_there)
{
    struct office *o = office_new(sites);

    cr_expect_eq(office_get(o, "/demo/badge.svg?of=online", ""), 200u);
    cr_expect(body_has(o, ">1</text>"));
    cr_expect_eq(office_get(o, "/demo/widget.html?rows=online", ""), 200u);
    cr_expect(body_has(o, "data-number=\"online\">1</b>"));
    cr_expect_eq(office_get(o, "/demo/snippet.html", ""), 200u);
    cr_expect(body_has(o, "data-number=\"online\">1</b>"));
    office_free(o);
}

Test(embeds, a_badge_of_nothing_known_is_400_and_says_what_there_is)
{
    struct office *o = office_new(sites);
    json_t *root;

    cr_expect_eq(office_get(o, "/demo/badge.svg?of=%3Cb%3E", ""), 400u);
    root = read_json(office_body(o));
    cr_expect_str_eq(text_at(root, "error.reason"), "of");
    json_decref(root);
    office_free(o);
}

Test(embeds, the_iframe_shows_the_rows_the_style_and_the_theme_that_are_asked)
{
    struct office *o = office_new(sites);

    cr_expect_eq(
        office_get(o, "/demo/widget.html?rows=total%2Cmonth&style=digits&theme=dark", ""),
        200u);
    cr_expect(body_has(o, "data-theme=\"dark\""));
    cr_expect(body_has(o, "data-style=\"digits\""));
    cr_expect(body_has(o, "data-number=\"total\">000000</b>"));
    cr_expect_not(body_has(o, "luot-online"));
    cr_expect_eq(
        office_get(o, "/demo/widget.html?rows=%22%3E&style=%3Cb%3E&theme=%22x", ""),
        200u);
    cr_expect(body_has(o, "data-theme=\"\""));
    cr_expect(body_has(o, "luot-online"));
    office_free(o);
}

Test(embeds, a_reply_has_a_box_for_each_place_in_their_order)
{
    struct office *o = office_new(sites);
    json_t *root;

    cr_expect_eq(
        office_post(o,
                    "/b?reply=1&box=en%7Ctrue%7Ctrue%7C%7Conline%20total%7C&box=%zz"
                    "&box=vi%7Ctrue%7Cfalse%7Cdigits%7Ctotal%7C",
                    "", "s=demo&p=/"),
        200u);
    root = read_json(office_body(o));
    cr_expect_eq(json_object_size(root), 1u, "and no more: a telephone pays for it");
    cr_expect_str_eq(text_at(root, "boxes.0.title"), "PAGE VIEWS");
    cr_expect_str_eq(text_at(root, "boxes.0.rows.1.0"), "1");
    cr_expect(null_at(root, "boxes.1"), "what cannot be read keeps its place");
    cr_expect_str_eq(text_at(root, "boxes.2.0"), "000001");
    json_decref(root);
    office_free(o);
}

Test(embeds, a_ping_gets_the_numbers_of_its_places_and_no_words)
{
    struct office *o = office_new(sites);
    json_t *root;

    office_post(o, "/b?reply=1", "", "s=demo&p=/");
    cr_expect_eq(
        office_post(o, "/b?reply=1&box=vi%7Ctrue%7Cfalse%7C%7C%7C", "", "k=ping&s=demo"),
        200u);
    root = read_json(office_body(o));
    cr_expect_eq(json_object_size(root), 1u);
    cr_expect_str_eq(text_at(root, "boxes.0.0"), "1");
    cr_expect_eq(json_array_size(json_array_get(json_object_get(root, "boxes"), 0)), 4u);
    json_decref(root);
    cr_expect_eq(office_post(o, "/b?reply=1", "", "k=ping&s=demo"), 200u);
    root = read_json(office_body(o));
    cr_expect_eq(integer_at(root, "total"), 1, "who names none gets the widget.json");
    json_decref(root);
    office_free(o);
}

Test(embeds, a_page_is_told_its_own_views_by_the_reply_to_one)
{
    static const char *const sends[] = {"s=strict&p=https://a.vn/tin/5?utm_source=zalo",
                                        "s=strict&p=https%3A%2F%2Fa.vn%2Ftin%2F5"};
    struct office *o = office_new(sites);
    json_t *root;

    town_keep(&o->town);
    for (size_t i = 0; i < 2; i++) {
        cr_expect_eq(office_post(o, "/b?reply=1&box=vi%7Cfalse",
                                 "Origin: https://a.vn\r\n", sends[i]),
                     200u);
        root = read_json(office_body(o));
        cr_expect_str_eq(text_at(root, "boxes.0.0"),
                         i == 0 ? "Lượt xem: 1" : "Lượt xem: 2");
        json_decref(root);
    }
    cr_expect_eq(office_post(o, "/b?reply=1&box=vi%7Cfalse", "Origin: https://a.vn\r\n",
                             "s=strict&e=download&p=/tin/5"),
                 200u);
    root = read_json(office_body(o));
    cr_expect(null_at(root, "boxes.0"), "an event is of something else");
    json_decref(root);
    cr_expect_eq(office_post(o, "/b?reply=1&box=vi%7Cfalse", "Origin: https://a.vn\r\n",
                             "k=ping&s=strict"),
                 200u);
    root = read_json(office_body(o));
    cr_expect(null_at(root, "boxes.0"));
    json_decref(root);
    office_free(o);
}

Test(embeds, a_reply_has_no_more_boxes_than_fit)
{
    struct office *o = office_new(sites);
    char target[4096] = "/b?reply=1";
    json_t *root;

    for (int i = 0; i < 200; i++)
        strcat(target, "&box=km");
    cr_expect_eq(office_post(o, target, "", "s=demo&p=/"), 200u);
    root = read_json(office_body(o));
    cr_expect_eq(json_array_size(json_at(root, "boxes")), 8u);
    json_decref(root);
    office_free(o);
}

Test(embeds, who_is_off_is_not_counted_and_reads_the_box)
{
    struct office *o = office_new(sites);
    json_t *root;

    cr_expect_eq(office_post(o, "/b?reply=1", "", "k=off&s=demo"), 200u);
    cr_expect_str_eq(office_header(o, "X-Luot"), "suppressed; reason=internal");
    root = read_json(office_body(o));
    cr_expect_eq(integer_at(root, "total"), 0);
    cr_expect_eq(integer_at(root, "online"), 0);
    json_decref(root);
    cr_expect_eq(counted(o, "suppressed.internal"), 1);
    office_free(o);
}

Test(embeds, snippets_are_told_and_wrong_ones_refused)
{
    struct office *o = office_new(sites);

    cr_expect_not_null(strstr(office_ask(o, "snippet strict --url https://c.vn"),
                              "<script async src=\"https://c.vn/luot.js\"></script>"));
    cr_expect_not_null(
        strstr(office_ask(o, "snippet demo --lang km"), "https://HOST/luot.js"));
    cr_expect_eq(strncmp(office_ask(o, "snippet demo --url c.vn"), "ERR usage ", 10), 0);
    cr_expect_eq(strncmp(office_ask(o, "snippet demo --lang fr"), "ERR usage ", 10), 0);
    cr_expect_eq(strncmp(office_ask(o, "snippet nobody"), "ERR unknown_site ", 17), 0);
    office_free(o);
}
