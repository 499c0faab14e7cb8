/* The list of sites: how luotd is, what it did not count, and a row a site. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "luotctl_live.h"
#include "luotctl_value.h"

static const struct {
    const char *key, *word; /* of the document, over the column       */
    char typed;             /* what sorts by it                       */
    unsigned width;
    int last; /* what there is no room for goes: the highest first; 0: never */
} columns[LIVE_SORTS] = {
    [LIVE_ONLINE] = {"online", "online", 'o', 7, 0},
    [LIVE_TODAY] = {"today", "today", 't', 9, 0},
    [LIVE_YESTERDAY] = {"yesterday", "yesterday", 'y', 9, 3},
    [LIVE_WEEK] = {"week", "week", 'w', 10, 2},
    [LIVE_MONTH] = {"month", "month", 'm', 11, 4},
    [LIVE_TOTAL] = {"total", "all", 'a', 13, 1},
    [LIVE_NAME] = {"site", "site", 's', 0, 0},
};

enum { MARK = 2, GAP = 2, SITE_WIDTH = 32, LINES_FOR_A_GAP = 16, LINES_FOR_ALL = 10 };

/* --- The order --- */

struct ranked {
    json_t *row;
    int64_t number;
    const char *site;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->number != y->number)
        return x->number < y->number ? 1 : -1;
    return strcmp(x->site, y->site);
}

static size_t find_chosen(const struct live *l, const json_t *rows)
{
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row) if (strcmp(live_text(row, "site").at,
                                                l->chosen_site) == 0) return i;
    i = json_array_size(rows);
    return l->chosen < i ? l->chosen : i == 0 ? 0 : i - 1;
}

static void choose(struct live *l, size_t row)
{
    const json_t *rows = json_object_get(l->sites, "sites");

    l->chosen = row;
    snprintf(l->chosen_site, sizeof l->chosen_site, "%s",
             live_text(json_array_get(rows, row), "site").at);
}

void live_sites_sort(struct live *l)
{
    json_t *rows = json_object_get(l->sites, "sites"), *sorted = json_array(), *row;
    size_t count = json_array_size(rows), i;
    struct ranked *ranked = calloc(count + 1, sizeof *ranked);

    if (ranked != NULL && sorted != NULL) {
        json_array_foreach(rows, i, row) ranked[i] = (struct ranked){
            .row = row,
            .number = l->sort == LIVE_NAME ? 0 : live_number(row, columns[l->sort].key),
            .site = live_text(row, "site").at};
        qsort(ranked, count, sizeof *ranked, by_rank);
        for (i = 0; i < count; i++)
            json_array_append(sorted, ranked[i].row);
        json_object_set(l->sites, "sites", sorted);
    }
    json_decref(sorted);
    free(ranked);
    choose(l, find_chosen(l, json_object_get(l->sites, "sites")));
}

/* --- Drawing --- */

/* A bit for each column that there is room for; what is sorted by stays. */
static unsigned fitting(const struct live *l, unsigned width)
{
    unsigned shown = (1U << LIVE_NAME) - 1, least = width / 4 < 12 ? 12 : width / 4;

    for (int turn = 4; turn > 0; turn--) {
        unsigned needs = MARK;

        for (int c = 0; c < LIVE_NAME; c++)
            if ((shown >> c & 1) != 0)
                needs += columns[c].width + GAP;
        if (needs + least <= width)
            break;
        for (int c = 0; c < LIVE_NAME; c++)
            if (columns[c].last == turn && (int)l->sort != c)
                shown &= ~(1U << c);
    }
    return shown;
}

/* What it is sorted by is in capitals, which needs no colour. */
static void draw_headings(const struct live *l, struct frame *f, unsigned shown)
{
    frame_line(f, FRAME_HEADING);
    frame_text(f, SLICE("  "));
    for (int c = 0; c < LIVE_SORTS; c++) {
        char word[16];

        if (c < LIVE_NAME && (shown >> c & 1) == 0)
            continue;
        snprintf(word, sizeof word, "%s", columns[c].word);
        for (char *p = word; *p != '\0' && (int)l->sort == c; p++)
            *p = (char)toupper((unsigned char)*p);
        if (c < LIVE_NAME)
            frame_cell(f, slice_of(word), columns[c].width, true);
        else
            frame_text(f, slice_of(word));
    }
}

static void draw_numbers(struct frame *f, const json_t *row, unsigned shown)
{
    for (int c = 0; c < LIVE_NAME; c++)
        if ((shown >> c & 1) != 0)
            frame_number(f, live_number(row, columns[c].key), columns[c].width);
}

/* The title, which may hold anything, comes last. */
static void draw_name(struct frame *f, const json_t *row)
{
    struct slice site = live_text(row, "site"), title = live_text(row, "title");

    if (f->columns < f->column + SITE_WIDTH + GAP || slice_equal(site, title)) {
        frame_text(f, site);
        return;
    }
    frame_cell(f, site, SITE_WIDTH, false);
    frame_text(f, title);
}

static void draw_rows(const struct live *l, struct frame *f, unsigned shown)
{
    const json_t *rows = json_object_get(l->sites, "sites");
    size_t room = frame_room(f), count = json_array_size(rows);
    size_t from = l->chosen < room ? 0 : l->chosen - room + 1;

    for (size_t i = from; i < count && i - from < room; i++) {
        const json_t *row = json_array_get(rows, i);

        frame_line(f, i == l->chosen ? FRAME_CHOSEN : FRAME_PLAIN);
        frame_text(f, i == l->chosen ? SLICE("> ") : SLICE("  "));
        draw_numbers(f, row, shown);
        draw_name(f, row);
    }
    if (count == 0) {
        frame_line(f, FRAME_PLAIN);
        frame_text(f, SLICE("  no site counts yet: [site KEY] in the configuration makes "
                            "one"));
    }
}

static void draw_head(const struct live *l, struct frame *f)
{
    time_t now = (time_t)live_number(l->stats, "as_of");
    struct tm local = {0};
    char text[32] = "", up[64];

    if (localtime_r(&now, &local) != NULL)
        strftime(text, sizeof text, "%d/%m/%Y %H:%M:%S", &local);
    value_write_duration(live_number(l->stats, "uptime_s"), up);
    frame_line(f, FRAME_HEADING);
    frame_format(f, "luotd %s   %s   up %s", live_text(l->stats, "version").at, text, up);
    live_draw_durable(l, f);
}

static void draw_outcomes(const struct live *l, struct frame *f)
{
    static const char *const classes[] = {"counted", "suppressed", "rejected"};

    for (int i = 0; i < 3; i++) {
        frame_line(f, FRAME_PLAIN);
        frame_cell(f, slice_of(classes[i]), 10, false);
        live_draw_reasons(f, json_object_get(l->stats, classes[i]),
                          json_object_get(l->before, classes[i]));
    }
}

void live_sites_draw(const struct live *l, struct frame *f)
{
    unsigned shown = fitting(l, f->columns);
    const json_t *total = json_object_get(l->sites, "total");

    draw_head(l, f);
    if (f->rows >= LINES_FOR_ALL)
        draw_outcomes(l, f);
    if (f->rows >= LINES_FOR_A_GAP)
        frame_line(f, FRAME_PLAIN);
    draw_headings(l, f, shown);
    frame_line(f, FRAME_HEADING);
    frame_text(f, SLICE("  "));
    draw_numbers(f, total, shown);
    frame_format(f, "all %lld sites", (long long)live_number(total, "sites"));
    draw_rows(l, f, shown);
    live_draw_bottom(l, f,
                     "q leave  up/down, Enter a site  a column's first letter sorts  "
                     "space now",
                     "q leave  Enter a site  letters sort");
}

/* --- Keys --- */

static void move(struct live *l, long by)
{
    long count = (long)json_array_size(json_object_get(l->sites, "sites"));
    long row = (long)l->chosen + by;

    if (row >= count)
        row = count - 1;
    choose(l, row < 0 ? 0 : (size_t)row);
}

static void open_site(struct live *l)
{
    memcpy(l->site, l->chosen_site, sizeof l->site);
    l->from = 0;
    l->stale = l->site[0] != '\0';
}

bool live_sites_key(struct live *l, int key)
{
    long by;

    for (int c = 0; c < LIVE_SORTS; c++)
        if (key == columns[c].typed) {
            l->sort = (enum live_sort)c;
            live_sites_sort(l);
            choose(l, 0);
            return true;
        }
    if (key == KEY_ENTER || key == KEY_RIGHT)
        open_site(l);
    else if (live_steps(key, &by))
        move(l, by);
    else
        return false;
    return true;
}
