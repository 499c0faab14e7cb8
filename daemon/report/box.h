/* Floor 3 (report). What the box says: its rows, what they are called, what each number
 * means and how it is written, in three languages. For replies to luot.js, the iframe's
 * page and the badge, so that all of them say the same.
 *
 * What a place on a page wants is one text, fields with '!' between them, which is one byte in
 * a query too:
 *
 *     LANGUAGE ! true or false: a box, or the views of the page ! 1 or 0: words too
 *     ! list, line or digits ! rows, as "online today week total" ! heading, "-" for none
 *
 * Fields may be empty or missing; what nobody knows is left out. */
#ifndef LUOT_REPORT_BOX_H
#define LUOT_REPORT_BOX_H

#include "report/page.h"
#include "report/widget.h"

enum box_row {
    BOX_ONLINE,
    BOX_TODAY,
    BOX_YESTERDAY,
    BOX_WEEK,
    BOX_MONTH,
    BOX_TOTAL,
    BOX_ROWS
};

enum box_style { BOX_LIST, BOX_LINE, BOX_DIGITS };

enum { BOX_WISH_MAX = 512, BOX_TEXT_MAX = 320, BOX_HEADING_MAX = 200 };

struct box_wish {
    enum language language;
    enum box_style style;
    enum box_row row[BOX_ROWS]; /* in their order, none twice */
    unsigned rows;
    bool page;  /* not a box: the views of the page     */
    bool words; /* the heading, labels and tips as well */
    bool has_heading;
    struct slice heading; /* when has_heading: may be empty, for none */
};

/* The box that nobody said anything of: a list of online, today, week and total. */
void box_wish_default(struct box_wish *ret_wish, enum language language);
/* The text above. The heading points into it. */
void box_wish_parse(struct box_wish *ret_wish, struct slice text);
/* "online, today": spaces or commas. Leaves the default rows when none is known. */
void box_wish_rows(struct box_wish *wish, struct slice rows);
/* Leaves the list for a word that nobody knows. */
void box_wish_style(struct box_wish *wish, struct slice style);
/* ERR_NOT_FOUND. */
int box_row_parse(enum box_row *ret_row, struct slice word);

/* "online", "last_7d": the number's name in widget.json. */
const char *box_number_name(const struct widget *w, enum box_row row);
/* "Đang online", "7 ngày qua". */
const char *box_label(const struct widget *w, enum box_row row, enum language language);
/* "LƯỢT TRUY CẬP": what the site's metric counts. */
const char *box_heading(const struct widget *w, enum language language);
/* "Lượt truy cập": the same in a sentence. */
const char *box_noun(const struct widget *w, enum language language);
/* "Khách xem trang trong 5 phút qua". With `whole` it also says when a visit is a new one, or
 * how often a visitor counts: a box says that once, in its first row of a period. */
void box_tip(struct buffer *out, const struct widget *w, enum box_row row,
             enum language language, bool whole);
/* "50.510"; as digits, for the total, "050510". */
void box_number(struct buffer *out, const struct widget *w, enum box_row row,
                const struct box_wish *wish);

/* For luot.js: with words {"title","rows":[[number,label,class,tip],...]}, else
 * [number,...]. */
void box_json(struct json_out *j, const struct box_wish *wish, const struct widget *w);
/* "Lượt xem: 123", of one page. */
void box_page(struct buffer *out, uint64_t views, enum language language);
/* As luot.js would build it. */
void box_html(struct buffer *out, const struct box_wish *wish, const struct widget *w);

#endif
