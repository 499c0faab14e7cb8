/* One site: its numbers, what of it was not counted, and the first rows of one dimension. */
#include <string.h>

#include "identify/dimension.h"
#include "luotctl_live.h"
#include "luotctl_table.h"

enum { NUMBER_WIDTH = 11, LINES_FOR_A_GAP = 16 };

static const struct {
    int typed;
    enum dimension of;
} shortcuts[] = {
    {'p', DIM_PAGES}, {'r', DIM_REFERRERS}, {'c', DIM_COUNTRIES}, {'b', DIM_BROWSERS}};

/* --- Drawing --- */

static void draw_period(const struct live *l, struct frame *f, const char *key,
                        const char *word)
{
    const json_t *periods = json_object_get(l->card, "periods");
    const json_t *one = json_object_get(periods, key);
    char views[32], visits[32], visitors[32];

    number_write(live_number(one, "views"), views);
    number_write(live_number(one, "visits"), visits);
    number_write(live_number(one, "visitors"), visitors);
    frame_line(f, FRAME_PLAIN);
    frame_cell(f, slice_of(word), 10, false);
    frame_format(f, "views %s  visits %s  visitors %s", views, visits, visitors);
}

static void draw_refused(const struct live *l, struct frame *f)
{
    int64_t bots = live_number(json_object_get(l->card, "bots"), "today");
    json_t *reasons = json_object();

    json_object_set_new(reasons, "bot", json_integer(bots));
    json_object_update(reasons, json_object_get(l->card, "refused_today"));
    frame_line(f, FRAME_PLAIN);
    frame_text(f, SLICE("not counted today  "));
    live_draw_reasons(f, reasons, NULL);
    json_decref(reasons);
}

static void draw_head(const struct live *l, struct frame *f)
{
    char online[32];

    number_write(live_number(json_object_get(l->card, "online"), "visitors"), online);
    frame_line(f, FRAME_HEADING);
    frame_format(f, "%s   online %s   ", l->site, online);
    frame_text(f, live_text(l->card, "title"));
    live_draw_durable(l, f);
    draw_period(l, f, "today", "today");
    if (f->rows >= LINES_FOR_A_GAP) {
        draw_period(l, f, "yesterday", "yesterday");
        draw_period(l, f, "month", "month");
    }
    draw_refused(l, f);
    if (f->rows >= LINES_FOR_A_GAP)
        frame_line(f, FRAME_PLAIN);
}

/* "PAGES today: 26 views; no count lacks more than 3". */
static void draw_caption(const struct live *l, struct frame *f)
{
    char total[32], error[32];

    if (l->top == NULL) {
        frame_line(f, FRAME_HEADING);
        frame_format(f, "%s today: asking luotd", dimension_word((enum dimension)l->of));
        return;
    }
    number_write(live_number(l->top, "total"), total);
    number_write(live_number(l->top, "error"), error);
    frame_line(f, FRAME_HEADING);
    frame_format(f, "%s today: %s views", dimension_word((enum dimension)l->of), total);
    if (live_number(l->top, "error") > 0)
        frame_format(f, "; no count lacks more than %s", error);
}

static void draw_row(struct frame *f, const json_t *row, bool visitors)
{
    frame_line(f, FRAME_PLAIN);
    frame_number(f, live_number(row, "views"), NUMBER_WIDTH);
    if (visitors)
        frame_number(f, live_number(row, "visitors"), NUMBER_WIDTH);
    frame_text(f, live_text(row, "key"));
}

static void draw_rows(const struct live *l, struct frame *f)
{
    const json_t *rows = json_object_get(l->top, "rows");
    bool visitors =
        dimension_has_visitors((enum dimension)l->of) && f->columns >= 4 * NUMBER_WIDTH;
    size_t count = json_array_size(rows), i;

    frame_line(f, FRAME_PLAIN);
    frame_cell(f, SLICE("views"), NUMBER_WIDTH, true);
    if (visitors)
        frame_cell(f, SLICE("visitors"), NUMBER_WIDTH, true);
    for (i = l->from; i < count && frame_room(f) > 1; i++)
        draw_row(f, json_array_get(rows, i), visitors);
    if (i < count) {
        frame_line(f, FRAME_PLAIN);
        frame_format(f, "%*s  and %zu more rows: down", NUMBER_WIDTH, "", count - i);
    } else {
        frame_line(f, FRAME_PLAIN);
        frame_number(f, live_number(l->top, "other"), NUMBER_WIDTH);
        if (visitors)
            frame_cell(f, SLICE(""), NUMBER_WIDTH, true);
        frame_text(f, SLICE("(other)"));
    }
}

/* No number is shown before there is one. */
static void draw_body(const struct live *l, struct frame *f)
{
    if (l->card == NULL) {
        frame_line(f, FRAME_HEADING);
        frame_format(f, "%s: asking luotd", l->site);
        return;
    }
    draw_head(l, f);
    draw_caption(l, f);
    if (l->top != NULL)
        draw_rows(l, f);
}

void live_site_draw(const struct live *l, struct frame *f)
{
    draw_body(l, f);
    live_draw_bottom(l, f,
                     "q leave  Esc back  p pages r referrers c countries b browsers  "
                     "left/right others",
                     "q leave  Esc back  p r c b left/right");
}

/* --- Keys --- */

static void turn_to(struct live *l, unsigned of)
{
    l->of = of % DIMENSIONS;
    l->from = 0;
    l->stale = true;
    json_decref(l->top);
    l->top = NULL; /* what is there is of another one */
}

static void move(struct live *l, long by)
{
    long count = (long)json_array_size(json_object_get(l->top, "rows"));
    long row = (long)l->from + by;

    if (row >= count)
        row = count - 1;
    l->from = row < 0 ? 0 : (size_t)row;
}

static void go_back(struct live *l)
{
    l->site[0] = '\0';
    json_decref(l->card);
    json_decref(l->top);
    l->card = l->top = NULL;
}

bool live_site_key(struct live *l, int key)
{
    long by;

    for (size_t i = 0; i < sizeof shortcuts / sizeof shortcuts[0]; i++)
        if (key == shortcuts[i].typed) {
            turn_to(l, shortcuts[i].of);
            return true;
        }
    if (key == KEY_ESCAPE || key == KEY_BACKSPACE)
        go_back(l);
    else if (key == KEY_RIGHT || key == KEY_TAB)
        turn_to(l, l->of + 1);
    else if (key == KEY_LEFT || key == KEY_BACK_TAB)
        turn_to(l, l->of + DIMENSIONS - 1);
    else if (live_steps(key, &by))
        move(l, by);
    else
        return false;
    return true;
}
