#include "report/box.h"

#include <stdio.h>

#include "lib/read_json.h"
#include "lib/town.h"

static struct town town;

static struct widget read_with(const char *settings)
{
    char config[512];
    struct widget w;

    snprintf(config, sizeof config, "[site demo]\nany_host = yes\n%s", settings);
    town_init(&town, config, TOWN_NOON);
    for (int i = 0; i < 1234; i++)
        town_view(&town, "demo", 1 + (unsigned)i % 2);
    widget_read(&w, town_site(&town, "demo"), town_now(&town));
    return w;
}

static const char *tip(const struct widget *w, enum box_row row, enum language language)
{
    static char memory[BOX_TEXT_MAX + 1];
    struct buffer b;

    buffer_init(&b, memory, sizeof memory - 1);
    box_tip(&b, w, row, language, true);
    cr_assert_eq(buffer_error(&b), 0);
    memory[b.length] = '\0';
    return memory;
}

static const char *written(const struct widget *w, const char *wanted)
{
    static char memory[8192];
    struct buffer b;
    struct json_out j;
    struct box_wish wish;

    box_wish_parse(&wish, slice_of(wanted));
    buffer_init(&b, memory, sizeof memory - 1);
    json_out_init(&j, &b);
    box_json(&j, &wish, w);
    cr_assert_eq(buffer_error(&b), 0);
    memory[b.length] = '\0';
    return memory;
}

Test(box, a_wish_is_read_and_what_is_missing_is_the_usual_box)
{
    struct box_wish wish;

    box_wish_parse(&wish,
                   SLICE("en-GB|true|false|digits|total,online today|Our | readers"));
    cr_expect_eq(wish.language, LANGUAGE_EN);
    cr_expect_not(wish.page);
    cr_expect_not(wish.words);
    cr_expect_eq(wish.style, BOX_DIGITS);
    cr_expect_eq(wish.rows, 3u);
    cr_expect(wish.row[0] == BOX_TOTAL && wish.row[1] == BOX_ONLINE &&
              wish.row[2] == BOX_TODAY);
    cr_expect(wish.has_heading && slice_equal(wish.heading, SLICE("Our | readers")));

    box_wish_parse(&wish,
                   SLICE("en-GB!true!0!digits!total,online today!Our ! | readers"));
    cr_expect(wish.language == LANGUAGE_EN && !wish.page && !wish.words &&
              wish.style == BOX_DIGITS && wish.rows == 3);
    cr_expect(wish.has_heading && slice_equal(wish.heading, SLICE("Our ! | readers")));
    box_wish_parse(&wish, SLICE("km!false!1!!!"));
    cr_expect(wish.language == LANGUAGE_KM && wish.page && wish.words);

    box_wish_parse(&wish, SLICE(""));
    cr_expect(wish.language == LANGUAGE_VI && wish.style == BOX_LIST && wish.words &&
              !wish.page && !wish.has_heading && wish.rows == 4);
    box_wish_parse(&wish, SLICE("km|false"));
    cr_expect(wish.language == LANGUAGE_KM && wish.page);
    box_wish_parse(&wish, SLICE("vi|true|true|list||-"));
    cr_expect(wish.has_heading && wish.heading.length == 0, "no heading is wanted");
}

Test(box, rows_that_nobody_knows_or_that_are_there_twice_are_left_out)
{
    struct box_wish wish;

    box_wish_parse(&wish, SLICE("vi|true|true||week, nonsense week,,  month|"));
    cr_expect_eq(wish.rows, 2u);
    cr_expect(wish.row[0] == BOX_WEEK && wish.row[1] == BOX_MONTH);
    box_wish_parse(&wish, SLICE("vi|true|true||Online <b>|"));
    cr_expect_eq(wish.rows, 4u, "none is known: the usual ones");
    box_wish_parse(&wish,
                   SLICE("vi|true|true||total month week yesterday today online total "
                         "month week yesterday today online|"));
    cr_expect_eq(wish.rows, 6u);
}

Test(box, each_number_is_defined_as_it_is_counted)
{
    struct widget w = read_with("first_weekday = sunday\nsession_idle = 20min\n");

    cr_expect_str_eq(tip(&w, BOX_ONLINE, LANGUAGE_VI),
                     "Khách xem trang trong 5 phút qua");
    cr_expect_str_eq(
        tip(&w, BOX_TODAY, LANGUAGE_VI),
        "Lượt truy cập từ 0 giờ hôm nay; nghỉ 20 phút rồi xem tiếp là lượt mới");
    cr_expect_str_eq(
        tip(&w, BOX_WEEK, LANGUAGE_EN),
        "Visits since Sunday of this week; a new one begins after 20 minutes "
        "without a view");
    for (int language = LANGUAGE_VI; language <= LANGUAGE_KM; language++)
        for (int row = 0; row < BOX_ROWS; row++)
            cr_expect_null(
                strchr(tip(&w, (enum box_row)row, (enum language)language), '#'));
    town_release(&town);
}

Test(box, says_seconds_and_how_often_a_visitor_counts)
{
    struct widget w =
        read_with("online_window = 90s\nmetric = visitors\nidentity = day\n");

    cr_expect_str_eq(tip(&w, BOX_ONLINE, LANGUAGE_EN),
                     "Visitors who viewed a page in the last 90 seconds");
    cr_expect_str_eq(tip(&w, BOX_TODAY, LANGUAGE_EN),
                     "Visitors since midnight; each counts once");
    cr_expect_str_eq(tip(&w, BOX_WEEK, LANGUAGE_EN),
                     "Visitors since Monday of this week; each counts once a day");
    cr_expect_str_eq(box_heading(&w, LANGUAGE_VI), "KHÁCH TRUY CẬP");
    town_release(&town);
}

Test(box, a_rolling_week_is_seven_days_in_name_and_number)
{
    struct widget w = read_with("box_week = rolling\nmetric = views\n");
    char memory[1024];
    struct buffer b;
    json_t *root;

    cr_expect_eq(w.last_7d, 1234u);
    cr_expect_str_eq(box_label(&w, BOX_WEEK, LANGUAGE_VI), "7 ngày qua");
    cr_expect_str_eq(box_number_name(&w, BOX_WEEK), "last_7d");
    cr_expect_str_eq(tip(&w, BOX_WEEK, LANGUAGE_VI), "Lượt xem trang trong 7 ngày qua");
    w.week = 5; /* not what the row shows */
    cr_expect_str_eq(written(&w, "en|true|false||week|"), "[\"1,234\"]");
    buffer_init(&b, memory, sizeof memory);
    widget_json(&b, town_site(&town, "demo"), &w,
                &(struct document){.now = town_now(&town)});
    root = read_json(buffer_written(&b));
    cr_expect_eq(integer_at(root, "last_7d"), 1234);
    cr_expect_eq(integer_at(root, "week"), 5);
    json_decref(root);
    town_release(&town);
}

Test(box, is_told_with_its_words_once_and_then_with_its_numbers_only)
{
    struct widget w = read_with("metric = views\n");
    json_t *root;

    cr_expect_str_eq(written(&w, "vi|true|false|||"),
                     "[\"2\",\"1.234\",\"1.234\",\"1.234\"]");
    cr_expect_str_eq(written(&w, "vi|true|false|digits|today total|"),
                     "[\"1.234\",\"001234\"]");
    w.total = 12345678;
    cr_expect_str_eq(written(&w, "vi|true|false|digits|total|"), "[\"12345678\"]");
    root = read_json(slice_of(written(&w, "vi|true|true||online total|<b>\"'&")));
    cr_expect_str_eq(text_at(root, "title"), "<b>\"'&");
    cr_expect_str_eq(text_at(root, "rows.0.0"), "2");
    cr_expect_str_eq(text_at(root, "rows.0.1"), "Đang online: ");
    cr_expect_str_eq(text_at(root, "rows.0.2"), "luot-online");
    cr_expect_str_eq(text_at(root, "rows.0.3"), "Khách xem trang trong 5 phút qua");
    cr_expect_str_eq(text_at(root, "rows.1.0"), "12.345.678");
    cr_expect_eq(json_array_size(json_at(root, "rows")), 2u);
    json_decref(root);
    root = read_json(slice_of(written(&w, "vi|true|true|||")));
    cr_expect_str_eq(text_at(root, "rows.1.3"), "Lượt xem trang từ 0 giờ hôm nay");
    json_decref(root);
    root = read_json(slice_of(written(&w, "vi|true|true||online|-")));
    cr_expect_str_eq(text_at(root, "title"), "");
    json_decref(root);
    town_release(&town);
}

Test(box, says_once_when_a_visit_is_a_new_one)
{
    struct widget w = read_with("");
    json_t *root = read_json(slice_of(written(&w, "en|true|true|||")));

    cr_expect_str_eq(
        text_at(root, "rows.1.3"),
        "Visits since midnight; a new one begins after 30 minutes without a view");
    cr_expect_str_eq(text_at(root, "rows.2.3"), "Visits since Monday of this week");
    cr_expect_str_eq(text_at(root, "rows.3.3"), "Visits since counting began");
    json_decref(root);
    town_release(&town);
}

Test(box, as_html_is_escaped_and_says_which_number_is_where)
{
    struct widget w = read_with("metric = views\n");
    char memory[4096];
    struct buffer b;
    struct box_wish wish;

    box_wish_parse(&wish, SLICE("km|true|true|line|online total|<script>\"'&"));
    buffer_init(&b, memory, sizeof memory - 1);
    box_html(&b, &wish, &w);
    cr_assert_eq(buffer_error(&b), 0);
    memory[b.length] = '\0';
    cr_expect_not_null(strstr(memory, "<strong>&lt;script&gt;&quot;&#39;&amp;</strong>"));
    cr_expect_not_null(strstr(memory, " data-style=\"line\""));
    cr_expect_not_null(strstr(memory, ": <b data-number=\"total\">1.234</b></li>"));
    town_release(&town);
}
