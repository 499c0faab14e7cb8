#include "report/badge.h"

#include "lib/town.h"

#include <criterion/criterion.h>

static const char *badge(const char *settings, enum box_row row, enum language language)
{
    static char memory[4096];
    struct town t;
    struct widget w;
    struct box_wish wish;
    struct buffer b;

    town_init(&t, settings, TOWN_NOON);
    for (int i = 0; i < 1234; i++)
        town_view(&t, "demo", 1);
    widget_read(&w, town_site(&t, "demo"), town_now(&t));
    box_wish_default(&wish, language);
    buffer_init(&b, memory, sizeof memory - 1);
    badge_svg(&b, &w, row, &wish);
    cr_assert_eq(buffer_error(&b), 0);
    memory[b.length] = '\0';
    town_release(&t);
    return memory;
}

Test(badge, says_what_is_counted_and_how_much)
{
    const char *svg =
        badge("[site demo]\nany_host = yes\nmetric = views\n", BOX_TOTAL, LANGUAGE_VI);

    cr_expect_not_null(strstr(svg, "aria-label=\"Lượt xem trang: 1.234\""));
    cr_expect_not_null(strstr(svg, ">1.234</text>"));
    cr_expect_not_null(strstr(svg, "<title>Lượt xem trang từ khi bắt đầu đếm</title>"));
    svg = badge("[site demo]\nany_host = yes\n", BOX_ONLINE, LANGUAGE_EN);
    cr_expect_not_null(strstr(svg, "aria-label=\"Online now: 1\""));
}

Test(badge, holds_no_script_no_style_and_nothing_of_others)
{
    const char *svg = badge("[site demo]\nany_host = yes\n", BOX_TODAY, LANGUAGE_KM);

    cr_expect_null(strstr(svg, "script"));
    cr_expect_null(strstr(svg, "style"));
    cr_expect_null(strstr(svg, "href"));
    cr_expect_eq(strncmp(svg, "<svg xmlns=", 11), 0);
    cr_expect_str_eq(svg + strlen(svg) - 7, "</svg>\n");
}

Test(badge, a_longer_text_is_wider_and_marks_take_no_room)
{
    cr_expect_eq(badge_text_width(SLICE("")), 0u);
    cr_expect_gt(badge_text_width(SLICE("50.510")), badge_text_width(SLICE("5.510")));
    cr_expect_eq(badge_text_width(SLICE("e\xCC\x81")), badge_text_width(SLICE("e")));
    cr_expect_eq(badge_text_width(SLICE("ក្ត")), 2 * badge_text_width(SLICE("ក")));
    cr_expect_gt(badge_text_width(SLICE("\xFF\xC3")), 0u,
                 "what is no character is something");
}
