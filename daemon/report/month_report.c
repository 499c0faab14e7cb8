#include "report/month_report.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/date.h"

enum { HEAD_BYTES = 4096, ROW_BYTES = 8192, GAP_BYTES = 48 };

size_t month_report_limit(size_t rows, size_t gaps)
{
    return HEAD_BYTES + (2 * rows + 1) * ROW_BYTES + gaps * GAP_BYTES;
}

int64_t month_report_day(int64_t year, unsigned month, unsigned starts_on, int months)
{
    int64_t n = month_of_day(day_of_date((struct date){(int)year, month, 1})) + months;

    return month_first_day(n) + (int64_t)starts_on - 1;
}

void month_sum_add(struct month_sum *to, const struct month_sum *sum)
{
    if (!sum->known)
        return;
    to->exact = sum->exact && (!to->known || to->exact);
    to->deduplicated = !to->known && sum->deduplicated;
    for (int m = 0; m < METRIC_KINDS; m++)
        to->metric[m] += sum->metric[m];
    to->known = true;
}

void month_sum_points(struct month_sum *ret_sum, const struct timeline_point *point,
                      size_t count)
{
    *ret_sum = (struct month_sum){.known = false};
    for (size_t i = 0; i < count; i++) {
        struct month_sum one = {.known = point[i].known,
                                .exact = point[i].exact,
                                .deduplicated = point[i].deduplicated};

        memcpy(one.metric, point[i].metric, sizeof one.metric);
        month_sum_add(ret_sum, &one);
    }
}

void month_page_read(struct month_page *ret_page, const struct top_sum *sum)
{
    uint64_t next = sum->rows > 1 ? sum->row[1].views : 0;
    struct slice path;

    *ret_page = (struct month_page){.of = sum->other};
    if (sum->rows == 0)
        return;
    for (size_t i = 0; i < sum->rows; i++)
        ret_page->of += sum->row[i].views;
    path = top_sum_key(sum, &sum->row[0]);
    snprintf(ret_page->path, sizeof ret_page->path, "%.*s", (int)path.length, path.at);
    ret_page->views = sum->row[0].views;
    ret_page->error = sum->error;
    ret_page->sure = sum->row[0].views >= next + sum->error;
}

static int by_group(const void *a, const void *b)
{
    const struct month_row *x = a, *y = b;
    int order = (x->group[0] == '\0') - (y->group[0] == '\0');

    if (order == 0)
        order = strcmp(x->group, y->group);
    if (order == 0)
        order = strcmp(x->title, y->title);
    return order != 0 ? order : strcmp(x->site, y->site);
}

void month_rows_sort(struct month_row *row, size_t count)
{
    if (count > 1)
        qsort(row, count, sizeof *row, by_group);
}

/* --- JSON --- */

static void sum_json(struct json_out *j, const struct month_sum *s)
{
    static const enum metric order[] = {METRIC_VIEWS, METRIC_VISITS, METRIC_VISITORS};

    for (int i = 0; i < METRIC_KINDS; i++) {
        if (s->known)
            json_out_number(j, metric_word(order[i]), s->metric[order[i]]);
        else
            json_out_null(j, metric_word(order[i]));
    }
    json_out_bool(j, "exact", s->exact);
    json_out_bool(j, "deduplicated", s->deduplicated);
}

static void other_json(struct json_out *j, const char *key, bool asked,
                       const struct month_sum *s)
{
    if (!asked)
        return;
    json_out_object(j, key);
    sum_json(j, s);
    json_out_object_end(j);
}

static void sums_json(struct json_out *j, const struct month_report *r,
                      const struct month_sum sum[MONTH_SPANS])
{
    sum_json(j, &sum[MONTH_NOW]);
    other_json(j, "previous", r->previous, &sum[MONTH_PREVIOUS]);
    other_json(j, "year", r->a_year, &sum[MONTH_YEAR]);
}

/* `of`: whose page it is where that is not said beside it; NULL: it is. */
static void page_json(struct json_out *j, const struct month_page *p,
                      const struct month_row *of)
{
    json_out_text(j, "top_page", p->path);
    if (of != NULL) {
        json_out_text(j, "top_page_site", of->site);
        json_out_text(j, "top_page_host", of->host);
    }
    if (p->path[0] == '\0')
        return;
    json_out_number(j, "top_page_views", p->views);
    json_out_number(j, "top_page_error", p->error);
    json_out_number(j, "top_page_of", p->of);
    json_out_bool(j, "top_page_sure", p->sure);
}

static void time_json(struct json_out *j, const char *key, int64_t t)
{
    if (t == 0)
        json_out_null(j, key);
    else
        json_out_signed(j, key, t);
}

static void row_json(struct json_out *j, const struct month_report *r,
                     const struct month_row *row)
{
    json_out_object(j, NULL);
    json_out_text(j, "site", row->site);
    json_out_text(j, "title", row->title);
    json_out_text(j, "host", row->host);
    json_out_text(j, "group", row->group);
    json_out_text(j, "tz", row->tz);
    json_out_signed(j, "from", row->from_s);
    json_out_signed(j, "until", row->until_s);
    sums_json(j, r, row->sum);
    time_json(j, "since", row->since_s);
    time_json(j, "last_view", row->last_view_s);
    json_out_object(j, "adjusted");
    for (int m = 0; m < METRIC_KINDS; m++)
        json_out_signed(j, metric_word((enum metric)m), row->adjusted[m]);
    json_out_object_end(j);
    page_json(j, &row->top, NULL);
    json_out_object_end(j);
}

static void add_row(struct month_sum sum[MONTH_SPANS], const struct month_row *row)
{
    for (int s = 0; s < MONTH_SPANS; s++) {
        month_sum_add(&sum[s], &row->sum[s]);
        sum[s].deduplicated = false;
    }
}

/* The best page of many rows, or none. It is sure where all are, and no other row can
 * have a better one. */
static void best_json(struct json_out *j, const struct month_row *row, size_t count)
{
    static const struct month_row none = {.site = ""};
    const struct month_row *best = &none;
    struct month_page page;

    for (size_t i = 0; i < count; i++)
        if (row[i].top.views > best->top.views)
            best = &row[i];
    page = best->top;
    for (size_t i = 0; i < count; i++)
        if (&row[i] != best && row[i].top.views + row[i].top.error > page.views)
            page.sure = false;
    page_json(j, &page, best);
}

static void groups_json(struct json_out *j, const struct month_report *r)
{
    json_out_array(j, "groups");
    for (size_t i = 0; i < r->count && r->row[i].group[0] != '\0';) {
        struct month_sum sum[MONTH_SPANS] = {{.known = false}};
        const char *group = r->row[i].group;
        size_t sites = 0;

        for (; i < r->count && strcmp(r->row[i].group, group) == 0; i++, sites++)
            add_row(sum, &r->row[i]);
        json_out_object(j, NULL);
        json_out_text(j, "group", group);
        json_out_number(j, "sites", sites);
        sums_json(j, r, sum);
        best_json(j, &r->row[i - sites], sites);
        json_out_object_end(j);
    }
    json_out_array_end(j);
}

static void total_json(struct json_out *j, const struct month_report *r)
{
    struct month_sum sum[MONTH_SPANS] = {{.known = false}};

    for (size_t i = 0; i < r->count; i++)
        add_row(sum, &r->row[i]);
    json_out_object(j, "total");
    json_out_number(j, "sites", r->count);
    sums_json(j, r, sum);
    best_json(j, r->row, r->count);
    json_out_object_end(j);
}

void month_report_json(struct buffer *out, const struct month_report *r,
                       const struct document *d)
{
    char month[16];
    struct json_out j;

    snprintf(month, sizeof month, "%04d-%02u", (int)r->year, r->month);
    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_text(&j, "month", month);
    json_out_number(&j, "starts_on", r->starts_on);
    json_out_signed(&j, "as_of", instant_seconds(d->now));
    json_out_array(&j, "rows");
    for (size_t i = 0; i < r->count; i++)
        row_json(&j, r, &r->row[i]);
    json_out_array_end(&j);
    groups_json(&j, r);
    total_json(&j, r);
    gaps_json(&j, "gaps", d, INT64_MIN, INT64_MAX);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}
