#include "report/box.h"

#include "base/error.h"
#include "report/box_words.h"

static const struct slice row_words[BOX_ROWS] = {{"online", 6},    {"today", 5},
                                                 {"yesterday", 9}, {"week", 4},
                                                 {"month", 5},     {"total", 5}};

enum { DIGITS_MIN = 6 };

/* --- What is wanted --- */

void box_wish_default(struct box_wish *ret_wish, enum language language)
{
    *ret_wish = (struct box_wish){.language = language,
                                  .row = {BOX_ONLINE, BOX_TODAY, BOX_WEEK, BOX_TOTAL},
                                  .rows = 4,
                                  .words = true};
}

int box_row_parse(enum box_row *ret_row, struct slice word)
{
    for (int i = 0; i < BOX_ROWS; i++)
        if (slice_equal(word, row_words[i])) {
            *ret_row = (enum box_row)i;
            return 0;
        }
    return ERR_NOT_FOUND;
}

void box_wish_rows(struct box_wish *wish, struct slice rows)
{
    struct box_wish found = {.rows = 0};
    unsigned seen = 0;

    while (rows.length > 0) {
        struct slice part = slice_cut(&rows, ' ');

        while (part.length > 0) {
            enum box_row row;
            if (box_row_parse(&row, slice_cut(&part, ',')) != 0 || (seen >> row & 1) != 0)
                continue;
            seen |= 1U << row;
            found.row[found.rows++] = row;
        }
    }
    if (found.rows == 0)
        return;
    memcpy(wish->row, found.row, sizeof wish->row);
    wish->rows = found.rows;
}

void box_wish_style(struct box_wish *wish, struct slice style)
{
    if (slice_equal(style, SLICE("line")))
        wish->style = BOX_LINE;
    else if (slice_equal(style, SLICE("digits")))
        wish->style = BOX_DIGITS;
}

/* Earlier scripts, which browsers and proxies keep for a while, write '|'. */
static struct slice cut_field(struct slice *rest)
{
    size_t at = slice_find_either(*rest, '!', '|');

    return slice_cut(rest, at < rest->length ? rest->at[at] : '!');
}

static bool is_no(struct slice field)
{
    return slice_equal(field, SLICE("0")) || slice_equal(field, SLICE("false"));
}

void box_wish_parse(struct box_wish *ret_wish, struct slice text)
{
    struct box_wish wish;

    box_wish_default(&wish, language_parse(cut_field(&text)));
    wish.page = is_no(cut_field(&text));
    wish.words = !is_no(cut_field(&text));
    box_wish_style(&wish, cut_field(&text));
    box_wish_rows(&wish, cut_field(&text));
    wish.has_heading = text.length > 0 && text.length <= BOX_HEADING_MAX;
    if (!slice_equal(text, SLICE("-")))
        wish.heading = text;
    *ret_wish = wish;
}

/* --- Words --- */

static bool is_rolling(const struct widget *w, enum box_row row)
{
    return row == BOX_WEEK && w->terms->config.box_week == BOX_WEEK_ROLLING;
}

const char *box_number_name(const struct widget *w, enum box_row row)
{
    return is_rolling(w, row) ? "last_7d" : row_words[row].at;
}

const char *box_label(const struct widget *w, enum box_row row, enum language language)
{
    const struct box_words *words = box_words(language);

    return is_rolling(w, row) ? words->rolling_label : words->label[row];
}

const char *box_heading(const struct widget *w, enum language language)
{
    return box_words(language)->heading[w->terms->config.metric];
}

const char *box_noun(const struct widget *w, enum language language)
{
    return box_words(language)->noun[w->terms->config.metric];
}

static void sentence(struct buffer *out, const char *text, const char *name,
                     uint64_t number)
{
    struct slice rest = slice_of(text), before = slice_cut(&rest, '#');

    buffer_slice(out, before);
    if (rest.at == NULL)
        return;
    if (name != NULL)
        buffer_text(out, name);
    else
        buffer_number(out, number);
    buffer_slice(out, rest);
}

/* The unit in which a length is a whole number. */
static void minutes_or_seconds(struct buffer *out, const char *const text[2],
                               unsigned seconds)
{
    bool whole = seconds % 60 == 0;

    sentence(out, text[whole ? 0 : 1], NULL, whole ? seconds / 60 : seconds);
}

/* A visitor whose key is erased before the period ends counts again. */
static unsigned how_often(const struct widget *w, enum box_row row)
{
    if (w->terms->config.identity == IDENTITY_DAY)
        return row == BOX_TODAY || row == BOX_YESTERDAY ? 0 : 2;
    return row == BOX_TOTAL ? 1 : 0;
}

void box_tip(struct buffer *out, const struct widget *w, enum box_row row,
             enum language language, bool whole)
{
    const struct box_words *words = box_words(language);
    const struct site_config *c = &w->terms->config;

    if (row == BOX_ONLINE) {
        minutes_or_seconds(out, words->online, (unsigned)w->online_window_s);
        return;
    }
    buffer_text(out, words->noun[c->metric]);
    sentence(out, is_rolling(w, row) ? words->rolling_period : words->period[row],
             words->weekday[c->first_weekday % 7], 0);
    if (!whole)
        return;
    if (c->metric == METRIC_VISITS)
        sentence(out, words->visit, NULL, (c->session_idle_s + 59) / 60);
    else if (c->metric == METRIC_VISITORS)
        buffer_text(out, words->once[how_often(w, row)]);
}

/* --- Numbers --- */

static uint64_t number_of(const struct widget *w, enum box_row row)
{
    const uint64_t number[BOX_ROWS] = {w->online, w->today, w->yesterday,
                                       w->week,   w->month, w->total};

    return is_rolling(w, row) ? w->last_7d : number[row];
}

void box_number(struct buffer *out, const struct widget *w, enum box_row row,
                const struct box_wish *wish)
{
    char memory[20];
    struct buffer b;

    if (wish->style != BOX_DIGITS || row != BOX_TOTAL) {
        grouped_number(out, number_of(w, row), wish->language);
        return;
    }
    buffer_init(&b, memory, sizeof memory);
    buffer_number(&b, number_of(w, row));
    for (size_t i = b.length; i < DIGITS_MIN; i++)
        buffer_byte(out, '0');
    buffer_slice(out, buffer_written(&b));
}

/* --- Written --- */

static struct slice heading_of(const struct box_wish *wish, const struct widget *w)
{
    return wish->has_heading ? wish->heading : slice_of(box_heading(w, wish->language));
}

static void text_json(struct json_out *j, struct buffer *text)
{
    json_out_slice(j, NULL, buffer_written(text));
    text->length = 0;
}

static bool is_first_period(const struct box_wish *wish, enum box_row row)
{
    return row == wish->row[0] ||
           (wish->row[0] == BOX_ONLINE && wish->rows > 1 && row == wish->row[1]);
}

static void row_json(struct json_out *j, const struct box_wish *wish,
                     const struct widget *w, enum box_row row)
{
    char memory[BOX_TEXT_MAX];
    struct buffer text;

    buffer_init(&text, memory, sizeof memory);
    box_number(&text, w, row, wish);
    if (!wish->words) {
        text_json(j, &text);
        return;
    }
    json_out_array(j, NULL);
    text_json(j, &text);
    buffer_text(&text, box_label(w, row, wish->language));
    buffer_text(&text, ": ");
    text_json(j, &text);
    buffer_text(&text, "luot-");
    buffer_slice(&text, row_words[row]);
    text_json(j, &text);
    box_tip(&text, w, row, wish->language, is_first_period(wish, row));
    text_json(j, &text);
    json_out_array_end(j);
}

void box_json(struct json_out *j, const struct box_wish *wish, const struct widget *w)
{
    if (wish->words) {
        json_out_object(j, NULL);
        json_out_slice(j, "title", heading_of(wish, w));
        json_out_array(j, "rows");
    } else {
        json_out_array(j, NULL);
    }
    for (unsigned i = 0; i < wish->rows; i++)
        row_json(j, wish, w, wish->row[i]);
    json_out_array_end(j);
    if (wish->words)
        json_out_object_end(j);
}

void box_page(struct buffer *out, uint64_t views, enum language language)
{
    buffer_text(out, box_words(language)->page);
    buffer_text(out, ": ");
    grouped_number(out, views, language);
}

static void row_html(struct buffer *out, const struct box_wish *wish,
                     const struct widget *w, enum box_row row)
{
    char memory[BOX_TEXT_MAX];
    struct buffer tip;

    buffer_init(&tip, memory, sizeof memory);
    box_tip(&tip, w, row, wish->language, is_first_period(wish, row));
    buffer_text(out, "<li class=\"luot-");
    buffer_slice(out, row_words[row]);
    buffer_text(out, "\" title=\"");
    buffer_html(out, buffer_written(&tip));
    buffer_text(out, "\">");
    buffer_html(out, slice_of(box_label(w, row, wish->language)));
    buffer_text(out, ": <b data-number=\"");
    buffer_text(out, box_number_name(w, row));
    buffer_text(out, "\">");
    box_number(out, w, row, wish);
    buffer_text(out, "</b></li>\n");
}

void box_html(struct buffer *out, const struct box_wish *wish, const struct widget *w)
{
    static const char *const style[] = {[BOX_LIST] = "",
                                        [BOX_LINE] = " data-style=\"line\"",
                                        [BOX_DIGITS] = " data-style=\"digits\""};
    struct slice heading = heading_of(wish, w);

    buffer_text(out, "<div data-luot-box aria-live=\"polite\"");
    buffer_text(out, style[wish->style]);
    buffer_text(out, ">\n");
    if (heading.length > 0) {
        buffer_text(out, "<strong>");
        buffer_html(out, heading);
        buffer_text(out, "</strong>\n");
    }
    buffer_text(out, "<ul>\n");
    for (unsigned i = 0; i < wish->rows; i++)
        row_html(out, wish, w, wish->row[i]);
    buffer_text(out, "</ul>\n</div>");
}
