#include "report/day_report.h"

#include "report/series.h"

enum { HEAD_BYTES = 1024, ROW_BYTES = 320, LABEL_BYTES = 40, TO_FOURTH_DAY = 3 };

size_t day_report_limit(size_t points)
{
    return HEAD_BYTES + points * ROW_BYTES;
}

/* ISO 8601: a week belongs to the year that its Thursday lies in. */
static void iso_week_write(struct buffer *out, int64_t day)
{
    int64_t thursday = week_first_day(day, 0) + TO_FOURTH_DAY;
    int year = date_of_day(thursday).year;
    int64_t new_year = day_of_date((struct date){year, 1, 1});

    buffer_format(out, "%04d-W%02d", year, (int)((thursday - new_year) / 7) + 1);
}

static struct slice label(const struct day_report *r, const struct timeline_point *p,
                          char memory[LABEL_BYTES])
{
    int64_t day = zone_day(r->zone, p->from_s);
    struct buffer b;
    char date[11];

    buffer_init(&b, memory, LABEL_BYTES);
    date_write(day, date);
    if (r->by < STEP_DAY)
        local_time_write(&b, p->from_s, r->zone);
    else if (r->by == STEP_WEEK)
        iso_week_write(&b, day + TO_FOURTH_DAY);
    else
        buffer_bytes(&b, date, r->by == STEP_MONTH ? sizeof "2025-12" - 1 : strlen(date));
    return buffer_written(&b);
}

/* From 0 to 1. */
static double bounce_rate(const struct timeline_point *p)
{
    return (double)(p->engaged.visits - p->engaged.engaged) / (double)p->engaged.visits;
}

static double pages_per_visit(const struct timeline_point *p)
{
    return (double)p->metric[METRIC_VIEWS] / (double)p->metric[METRIC_VISITS];
}

static void rates_json(struct json_out *j, const struct timeline_point *p)
{
    if (p->metric[METRIC_VISITS] > 0)
        json_out_decimal(j, "pages_per_visit", pages_per_visit(p), 2);
    else
        json_out_null(j, "pages_per_visit");
    if (p->engaged_known)
        json_out_decimal(j, "bounce_rate", bounce_rate(p), 4);
    else
        json_out_null(j, "bounce_rate");
}

static void rates_text(struct buffer *out, const struct timeline_point *p)
{
    if (p->metric[METRIC_VISITS] > 0)
        buffer_format(out, "%12.2f", pages_per_visit(p));
    else
        buffer_format(out, "%12s", "-");
    if (p->engaged_known)
        buffer_format(out, "%9.1f %%", 100 * bounce_rate(p));
    else
        buffer_format(out, "%11s", "-");
}

void day_report_json(struct buffer *out, const struct day_report *r,
                     const struct document *d)
{
    char memory[LABEL_BYTES];
    struct json_out j;

    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_slice(&j, "site", r->site);
    json_out_text(&j, "by", timeline_step_word(r->by));
    json_out_text(&j, "zone", zone_name(r->zone));
    json_out_signed(&j, "as_of", instant_seconds(d->now));
    json_out_array(&j, "rows");
    for (size_t i = 0; i < r->count; i++) {
        const struct timeline_point *p = &r->points[i];
        if (!p->known)
            continue;
        json_out_object(&j, NULL);
        json_out_slice(&j, timeline_step_word(r->by), label(r, p, memory));
        json_out_signed(&j, "from", p->from_s);
        json_out_number(&j, "views", p->metric[METRIC_VIEWS]);
        json_out_number(&j, "visits", p->metric[METRIC_VISITS]);
        if (p->visitors_known)
            json_out_number(&j, "visitors", p->metric[METRIC_VISITORS]);
        else
            json_out_null(&j, "visitors");
        json_out_bool(&j, "exact", p->visitors_known && p->exact);
        json_out_bool(&j, "deduplicated", p->deduplicated);
        rates_json(&j, p);
        json_out_object_end(&j);
    }
    json_out_array_end(&j);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}

void day_report_text(struct buffer *out, const struct day_report *r)
{
    char memory[LABEL_BYTES];

    buffer_format(out, "%-22s %12s %12s %12s %-5s %12s %11s\n", timeline_step_word(r->by),
                  "views", "visits", "visitors", "", "pages/visit", "bounce");
    for (size_t i = 0; i < r->count; i++) {
        const struct timeline_point *p = &r->points[i];
        struct slice name;
        if (!p->known)
            continue;
        name = label(r, p, memory);
        buffer_format(out, "%-22.*s %12llu %12llu ", (int)name.length, name.at,
                      (unsigned long long)p->metric[METRIC_VIEWS],
                      (unsigned long long)p->metric[METRIC_VISITS]);
        if (p->visitors_known)
            buffer_format(out, "%12llu %-5s ",
                          (unsigned long long)p->metric[METRIC_VISITORS],
                          p->exact && p->deduplicated ? ""
                          : p->exact                  ? "sum"
                                                      : "about");
        else
            buffer_format(out, "%12s %-5s ", "-", "");
        rates_text(out, p);
        buffer_byte(out, '\n');
    }
}
