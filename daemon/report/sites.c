#include "report/sites.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "report/timeline.h"
#include "report/widget.h"

enum { LINE_BYTES = 2048, HEAD_BYTES = 4096, HOURS = 24, HOUR_S = 3600 };

/* The periods that are told in every metric, for who compares sites by another one. */
static const enum site_span told[] = {SPAN_TODAY, SPAN_YESTERDAY, SPAN_WEEK,
                                      SPAN_LAST_WEEK};
enum { TOLD = sizeof told / sizeof told[0] };

struct league_row {
    const struct site *site;
    struct widget widget;
    struct site_numbers numbers[TOLD];
    enum metric metric;
    /* Copies: with many sites the terms do not live so long. */
    char group[64], title[256];
};

struct group {
    const char *name; /* in some row */
    uint64_t sites;
    uint64_t online, today, yesterday, week, month, total;
    uint64_t numbers[TOLD][METRIC_KINDS];
};

bool sites_asked_has(struct sites_asked asked, const struct site *s)
{
    return asked.all || site_is_public(s) || site_is_open_to(s, asked.reader);
}

size_t sites_json_limit(const struct registry *registry)
{
    return HEAD_BYTES + 2 * LINE_BYTES * registry_count(registry);
}

static int by_today(const void *a, const void *b)
{
    const struct league_row *x = a, *y = b;

    if (x->widget.today != y->widget.today)
        return x->widget.today > y->widget.today ? -1 : 1;
    if (x->widget.total != y->widget.total)
        return x->widget.total > y->widget.total ? -1 : 1;
    return strcmp(site_shown_key(x->site), site_shown_key(y->site));
}

static int by_name(const void *a, const void *b)
{
    const struct league_row *x = a, *y = b;

    return strcmp(x->group, y->group);
}

static void read_row(struct league_row *row, const struct site *s, struct instant now)
{
    row->site = s;
    widget_read(&row->widget, s, now);
    for (int i = 0; i < TOLD; i++)
        site_span(s, told[i], now, &row->numbers[i]);
    row->metric = row->widget.terms->config.metric;
    memcpy(row->group, row->widget.terms->config.group, sizeof row->group);
    snprintf(row->title, sizeof row->title, "%s", site_title(s));
}

static size_t read_rows(struct league_row *rows, size_t limit, const struct registry *r,
                        struct instant now, struct sites_asked asked)
{
    size_t n = 0;

    for (size_t i = 0; i < registry_limit(r) && n < limit; i++) {
        const struct site *s = registry_at(r, i);
        if (s != NULL && sites_asked_has(asked, s))
            read_row(&rows[n++], s, now);
    }
    return n;
}

/* The most of today first; NULL: no memory. */
static struct league_row *read_league(size_t *ret_count, const struct registry *r,
                                      struct instant now, struct sites_asked asked)
{
    size_t limit = registry_count(r), n;
    struct league_row *rows = calloc(limit + 1, sizeof *rows);

    if (rows == NULL)
        return NULL;
    n = read_rows(rows, limit, r, now, asked);
    if (n > 0)
        qsort(rows, n, sizeof *rows, by_today);
    *ret_count = n;
    return rows;
}

static void last_view_json(struct json_out *j, const struct site *s)
{
    int64_t at = atomic_load_explicit(&s->block->last_view_s, memory_order_relaxed);

    if (at > 0)
        json_out_signed(j, "last_view", at);
    else
        json_out_null(j, "last_view");
}

/* The last 24 hours of views, the one that goes on too: for a line as small as a word. Of
 * this arena, which has what a store brought at start. */
static void hours_json(struct json_out *j, const struct site *s, const struct document *d)
{
    int64_t now_s = instant_seconds(d->now);
    struct timeline_query query = {
        .step = STEP_HOUR, .from_s = now_s - HOURS * HOUR_S, .until_s = now_s + 1};
    struct timeline_point *point = NULL;
    size_t count = 0, first;

    if (timeline_read(&point, &count, s,
                      atomic_load_explicit(&s->terms, memory_order_acquire), &query, NULL,
                      d) != 0 ||
        count < HOURS) {
        json_out_null(j, "hours");
        free(point);
        return;
    }
    first = count - HOURS;
    json_out_object(j, "hours");
    json_out_signed(j, "from", point[first].from_s);
    json_out_array(j, "views");
    for (size_t i = first; i < count; i++)
        if (point[i].known)
            json_out_number(j, NULL, point[i].metric[METRIC_VIEWS]);
        else
            json_out_null(j, NULL);
    json_out_array_end(j);
    json_out_object_end(j);
    free(point);
}

static void periods_json(struct json_out *j, const uint64_t n[TOLD][METRIC_KINDS])
{
    json_out_object(j, "periods");
    for (int i = 0; i < TOLD; i++)
        metrics_json(j, site_span_name(told[i]), n[i]);
    json_out_object_end(j);
}

static void site_row(struct json_out *j, const struct league_row *row,
                     const struct document *d)
{
    const struct widget *w = &row->widget;
    uint64_t numbers[TOLD][METRIC_KINDS];

    for (int i = 0; i < TOLD; i++)
        memcpy(numbers[i], row->numbers[i].metric, sizeof numbers[i]);

    json_out_object(j, NULL);
    json_out_text(j, "site", site_shown_key(row->site));
    if (site_shown_key(row->site) != row->site->block->key)
        json_out_text(j, "key", row->site->block->key); /* what it is kept under */
    json_out_text(j, "title", row->title);
    json_out_text(j, "group", row->group);
    json_out_text(j, "metric", metric_word(row->metric));
    json_out_number(j, "online", w->online);
    json_out_number(j, "today", w->today);
    json_out_number(j, "yesterday", w->yesterday);
    json_out_number(j, "week", w->week);
    json_out_number(j, "month", w->month);
    json_out_number(j, "total", w->total);
    json_out_bool(j, "public", site_is_public(row->site));
    json_out_bool(j, "durable", d->durable);
    last_view_json(j, row->site);
    periods_json(j, numbers);
    hours_json(j, row->site, d);
    json_out_object_end(j);
}

static void add(struct group *g, const struct league_row *row)
{
    const struct widget *w = &row->widget;

    g->sites++;
    g->online += w->online;
    g->today += w->today;
    g->yesterday += w->yesterday;
    g->week += w->week;
    g->month += w->month;
    g->total += w->total;
    for (int i = 0; i < TOLD; i++)
        for (int m = 0; m < METRIC_KINDS; m++)
            g->numbers[i][m] += row->numbers[i].metric[m];
}

static void group_row(struct json_out *j, const char *key, const struct group *g)
{
    json_out_object(j, key);
    if (key == NULL)
        json_out_text(j, "group", g->name);
    json_out_number(j, "sites", g->sites);
    json_out_number(j, "online", g->online);
    json_out_number(j, "today", g->today);
    json_out_number(j, "yesterday", g->yesterday);
    json_out_number(j, "week", g->week);
    json_out_number(j, "month", g->month);
    json_out_number(j, "total", g->total);
    periods_json(j, g->numbers);
    json_out_object_end(j);
}

/* Groups in the order of their names; `rows` are sorted anew. */
static void groups_json(struct json_out *j, struct league_row *rows, size_t n)
{
    struct group group = {.name = ""}, all = {.name = ""};

    if (n > 0)
        qsort(rows, n, sizeof *rows, by_name);
    json_out_array(j, "groups");
    for (size_t i = 0; i < n; i++) {
        const char *name = rows[i].group;
        if (strcmp(group.name, name) != 0) {
            if (group.name[0] != '\0')
                group_row(j, NULL, &group);
            group = (struct group){.name = name};
        }
        add(&group, &rows[i]);
        add(&all, &rows[i]);
    }
    if (group.name[0] != '\0')
        group_row(j, NULL, &group);
    json_out_array_end(j);
    group_row(j, "total", &all);
}

int sites_json(struct buffer *out, const struct registry *registry,
               const struct document *d, struct sites_asked asked)
{
    struct league_row *rows;
    struct json_out j;
    size_t n;

    rows = read_league(&n, registry, d->now, asked);
    if (rows == NULL)
        return ERR_NOMEM;
    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_signed(&j, "as_of", instant_seconds(d->now));
    durable_json(&j, d);
    if (asked.reader != NULL)
        json_out_text(&j, "reader", asked.reader->name);
    else
        json_out_null(&j, "reader");
    json_out_array(&j, "sites");
    for (size_t i = 0; i < n; i++)
        site_row(&j, &rows[i], d);
    json_out_array_end(&j);
    groups_json(&j, rows, n);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
    free(rows);
    return 0;
}

int sites_text(struct buffer *out, const struct registry *registry, struct instant now,
               struct sites_asked asked)
{
    size_t n;
    struct league_row *rows = read_league(&n, registry, now, asked);

    if (rows == NULL)
        return ERR_NOMEM;
    buffer_format(out, "%-24s %8s %10s %10s %12s  %s\n", "site", "online", "today",
                  "week", "total", "title");
    for (size_t i = 0; i < n; i++)
        buffer_format(out, "%-24s %8llu %10llu %10llu %12llu  %s\n",
                      site_shown_key(rows[i].site),
                      (unsigned long long)rows[i].widget.online,
                      (unsigned long long)rows[i].widget.today,
                      (unsigned long long)rows[i].widget.week,
                      (unsigned long long)rows[i].widget.total, rows[i].title);
    free(rows);
    return 0;
}
