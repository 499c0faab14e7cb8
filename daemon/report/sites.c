#include "report/sites.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "report/widget.h"

enum { LINE_BYTES = 2048, HEAD_BYTES = 4096 };

struct league_row {
    const struct site *site;
    struct widget widget;
    enum metric metric;
    /* Copies: with many sites the terms do not live so long. */
    char group[64], title[256];
};

struct group {
    const char *name; /* in some row */
    uint64_t sites;
    uint64_t online, today, yesterday, week, month, total;
};

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
    row->metric = row->widget.terms->config.metric;
    memcpy(row->group, row->widget.terms->config.group, sizeof row->group);
    snprintf(row->title, sizeof row->title, "%s", site_title(s));
}

static size_t read_rows(struct league_row *rows, size_t limit, const struct registry *r,
                        struct instant now, bool all)
{
    size_t n = 0;

    for (size_t i = 0; i < registry_limit(r) && n < limit; i++) {
        const struct site *s = registry_at(r, i);
        if (s != NULL && (all || site_is_public(s)))
            read_row(&rows[n++], s, now);
    }
    return n;
}

/* The most of today first; NULL: no memory. */
static struct league_row *read_league(size_t *ret_count, const struct registry *r,
                                      struct instant now, bool all)
{
    size_t limit = registry_count(r), n;
    struct league_row *rows = calloc(limit + 1, sizeof *rows);

    if (rows == NULL)
        return NULL;
    n = read_rows(rows, limit, r, now, all);
    if (n > 0)
        qsort(rows, n, sizeof *rows, by_today);
    *ret_count = n;
    return rows;
}

static void site_row(struct json_out *j, const struct league_row *row)
{
    const struct widget *w = &row->widget;

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
    json_out_object_end(j);
}

static void add(struct group *g, const struct widget *w)
{
    g->sites++;
    g->online += w->online;
    g->today += w->today;
    g->yesterday += w->yesterday;
    g->week += w->week;
    g->month += w->month;
    g->total += w->total;
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
        add(&group, &rows[i].widget);
        add(&all, &rows[i].widget);
    }
    if (group.name[0] != '\0')
        group_row(j, NULL, &group);
    json_out_array_end(j);
    group_row(j, "total", &all);
}

int sites_json(struct buffer *out, const struct registry *registry,
               const struct document *d, bool all)
{
    struct league_row *rows;
    struct json_out j;
    size_t n;

    rows = read_league(&n, registry, d->now, all);
    if (rows == NULL)
        return ERR_NOMEM;
    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_signed(&j, "as_of", instant_seconds(d->now));
    json_out_bool(&j, "durable", d->durable);
    json_out_array(&j, "sites");
    for (size_t i = 0; i < n; i++)
        site_row(&j, &rows[i]);
    json_out_array_end(&j);
    groups_json(&j, rows, n);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
    free(rows);
    return 0;
}

int sites_text(struct buffer *out, const struct registry *registry, struct instant now,
               bool all)
{
    size_t n;
    struct league_row *rows = read_league(&n, registry, now, all);

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
