#include "report/series.h"

#include "base/error.h"

enum { HEAD_BYTES = 1024, POINT_BYTES = 64, GAP_BYTES = 48, DAY_S = 86400 };

int series_check(enum metric metric, enum timeline_step step)
{
    return metric == METRIC_VISITORS && step < STEP_DAY ? ERR_RANGE : 0;
}

size_t series_limit(size_t points, size_t gaps)
{
    return HEAD_BYTES + points * POINT_BYTES + gaps * GAP_BYTES;
}

static bool has_value(const struct series *s, const struct timeline_point *p)
{
    return p->known && (s->metric != METRIC_VISITORS || p->visitors_known);
}

void series_json(struct buffer *out, const struct series *s, const struct document *d)
{
    struct json_out j;

    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_slice(&j, "site", s->site);
    json_out_text(&j, "metric", metric_word(s->metric));
    json_out_text(&j, "step", timeline_step_word(s->query.step));
    json_out_text(&j, "tz", zone_name(s->zone));
    json_out_signed(&j, "from", s->query.from_s);
    json_out_signed(&j, "to", s->query.until_s);
    json_out_signed(&j, "as_of", instant_seconds(d->now));
    gaps_json(&j, "gaps", d, s->query.from_s, s->query.until_s);
    json_out_array(&j, "points");
    for (size_t i = 0; i < s->count; i++) {
        json_out_array(&j, NULL);
        json_out_signed(&j, NULL, s->points[i].from_s);
        if (has_value(s, &s->points[i]))
            json_out_number(&j, NULL, s->points[i].metric[s->metric]);
        else
            json_out_null(&j, NULL);
        json_out_array_end(&j);
    }
    json_out_array_end(&j);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}

void local_time_write(struct buffer *out, int64_t at_s, const struct zone *zone)
{
    int32_t offset = zone_offset(zone, at_s);
    int64_t local = at_s + offset;
    int64_t day = local / DAY_S - (local % DAY_S < 0), second = local - day * DAY_S;
    int32_t east = offset < 0 ? -offset : offset;
    char date[11];

    date_write(day, date);
    buffer_format(out, "%sT%02d:%02d%c%02d:%02d", date, (int)(second / 3600),
                  (int)(second / 60 % 60), offset < 0 ? '-' : '+', east / 3600,
                  east / 60 % 60);
}

void series_text(struct buffer *out, const struct series *s)
{
    for (size_t i = 0; i < s->count; i++) {
        char date[11];
        if (s->query.step >= STEP_DAY) {
            date_write(zone_day(s->zone, s->points[i].from_s), date);
            buffer_text(out, date);
        } else {
            local_time_write(out, s->points[i].from_s, s->zone);
        }
        if (has_value(s, &s->points[i]))
            buffer_format(out, " %12llu\n",
                          (unsigned long long)s->points[i].metric[s->metric]);
        else
            buffer_format(out, " %12s\n", "-");
    }
}
