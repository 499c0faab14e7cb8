#include "report/tops.h"

#include "base/date.h"
#include "base/error.h"

enum {
    HEAD_BYTES = 2048,
    ROW_BYTES = 128,
    ESCAPED = 6,
    FIRST_ROWS = 10,
    DATE_BYTES = 11
};

size_t tops_limit(const struct top_sum *sum)
{
    size_t bytes = HEAD_BYTES + sum->rows * ROW_BYTES;

    for (size_t i = 0; i < sum->rows; i++)
        bytes += ESCAPED * (size_t)sum->row[i].key_length;
    return bytes;
}

static uint64_t total_of(const struct top_sum *sum)
{
    uint64_t total = sum->other;

    for (size_t i = 0; i < sum->rows; i++)
        total += sum->row[i].views;
    return total;
}

static void rows_json(struct json_out *j, const struct top_sum *sum, enum dimension d)
{
    json_out_array(j, "rows");
    for (size_t i = 0; i < sum->rows; i++) {
        json_out_object(j, NULL);
        json_out_slice(j, "key", top_sum_key(sum, &sum->row[i]));
        json_out_number(j, "views", sum->row[i].views);
        if (dimension_has_visitors(d))
            json_out_number(j, "visitors", sum->row[i].visitors);
        json_out_object_end(j);
    }
    json_out_array_end(j);
    json_out_number(j, "other", sum->other);
    json_out_number(j, "total", total_of(sum));
}

static void date_json(struct json_out *j, const char *key, int64_t day)
{
    char date[DATE_BYTES];

    date_write(day, date);
    json_out_text(j, key, date);
}

void tops_json(struct buffer *out, const struct tops *t, const struct document *d)
{
    struct json_out j;

    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_slice(&j, "site", t->site);
    json_out_text(&j, "of", dimension_word(t->of));
    json_out_text(&j, "tz", zone_name(t->zone));
    date_json(&j, "from", t->from_day);
    date_json(&j, "to", t->until_day);
    json_out_signed(&j, "as_of", instant_seconds(d->now));
    json_out_number(&j, "error", t->sum->error);
    json_out_number(&j, "min_visitors", t->min_visitors);
    rows_json(&j, t->sum, t->of);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}

/* --- CSV --- */

static bool looks_like_a_formula(struct slice text)
{
    return text.length > 0 && memchr("=+-@\t\r", text.at[0], 6) != NULL;
}

static void csv_field(struct buffer *out, struct slice text)
{
    buffer_byte(out, '"');
    if (looks_like_a_formula(text))
        buffer_byte(out, '\'');
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] == '"')
            buffer_byte(out, '"');
        buffer_byte(out, text.at[i]);
    }
    buffer_byte(out, '"');
}

static void csv_row(struct buffer *out, const struct tops *t, struct slice key,
                    uint64_t views, uint64_t visitors, bool has_visitors)
{
    csv_field(out, key);
    buffer_byte(out, ',');
    buffer_number(out, views);
    if (dimension_has_visitors(t->of)) {
        buffer_byte(out, ',');
        if (has_visitors)
            buffer_number(out, visitors);
    }
    buffer_text(out, "\r\n");
}

void tops_csv(struct buffer *out, const struct tops *t)
{
    const struct top_sum *sum = t->sum;

    buffer_text(out, "\xEF\xBB\xBF");
    csv_field(out, slice_of(dimension_word(t->of)));
    buffer_text(out,
                dimension_has_visitors(t->of) ? ",views,visitors\r\n" : ",views\r\n");
    for (size_t i = 0; i < sum->rows; i++)
        csv_row(out, t, top_sum_key(sum, &sum->row[i]), sum->row[i].views,
                sum->row[i].visitors, true);
    if (sum->other > 0)
        csv_row(out, t, SLICE("(other)"), sum->other, 0, false);
}

/* --- For people --- */

/* What a terminal would act on is not shown. */
static void text_key(struct buffer *out, struct slice key)
{
    for (size_t i = 0; i < key.length; i++)
        buffer_byte(out, (unsigned char)key.at[i] < ' ' || key.at[i] == 0x7F ? '?'
                                                                             : key.at[i]);
}

void tops_text(struct buffer *out, const struct tops *t)
{
    const struct top_sum *sum = t->sum;
    char from[DATE_BYTES], last[DATE_BYTES];

    date_write(t->from_day, from);
    date_write(t->until_day - 1, last);
    buffer_format(out, "%s, %s to %s", dimension_word(t->of), from, last);
    if (sum->error > 0)
        buffer_format(out, "; no count lacks more than %llu",
                      (unsigned long long)sum->error);
    buffer_format(out, "\n%12s %12s\n", "views",
                  dimension_has_visitors(t->of) ? "visitors" : "");
    for (size_t i = 0; i < sum->rows; i++) {
        buffer_format(out, "%12llu ", (unsigned long long)sum->row[i].views);
        if (dimension_has_visitors(t->of))
            buffer_format(out, "%12llu  ", (unsigned long long)sum->row[i].visitors);
        else
            buffer_format(out, "%12s  ", "");
        text_key(out, top_sum_key(sum, &sum->row[i]));
        buffer_byte(out, '\n');
    }
    buffer_format(out, "%12llu %12s  (other)\n%12llu %12s  (all)\n",
                  (unsigned long long)sum->other, "", (unsigned long long)total_of(sum),
                  "");
}

/* --- A snapshot's --- */

static void one_json(struct json_out *j, const struct topk_table *t,
                     const struct topk_list *list, enum dimension d, uint64_t min)
{
    uint64_t other = list->total;
    char key[NAME_MAX_BYTES];
    size_t length;

    json_out_object(j, dimension_word(d));
    json_out_number(j, "error", list->error);
    json_out_array(j, "rows");
    for (unsigned i = 0; i < list->count; i++) {
        const struct topk_row *row = &list->row[i];

        if ((dimension_is_folded(d) &&
             (dimension_has_visitors(d) ? row->visitors : row->views) < min) ||
            !topk_key(t, row, key, &length))
            continue;
        json_out_object(j, NULL);
        json_out_slice(j, "key", (struct slice){key, length});
        json_out_number(j, "views", row->views);
        if (dimension_has_visitors(d))
            json_out_number(j, "visitors", row->visitors);
        json_out_object_end(j);
        other -= row->views;
    }
    json_out_array_end(j);
    json_out_number(j, "other", other);
    json_out_number(j, "total", list->total);
    json_out_object_end(j);
}

/* With what other runs counted today: rows by their key, not by their cell. */
static void sum_json(struct json_out *j, const struct site *s, enum dimension d,
                     int64_t day, uint64_t min)
{
    struct top_sum sum;

    top_sum_init(&sum);
    top_sum_today(&sum, s, d, day);
    top_sum_finish(&sum, FIRST_ROWS);
    if (dimension_is_folded(d))
        top_sum_fold(&sum, min, dimension_has_visitors(d));
    if (total_of(&sum) > 0) {
        json_out_object(j, dimension_word(d));
        json_out_number(j, "error", sum.error);
        rows_json(j, &sum, d);
        json_out_object_end(j);
    }
    top_sum_release(&sum);
}

static void live_json(struct json_out *j, const struct topk_table *t, uint64_t min,
                      bool bots)
{
    struct topk_row row[DIMENSIONS][FIRST_ROWS];
    struct topk_list list[DIMENSIONS];

    for (int d = 0; d < DIMENSIONS; d++)
        list[d] = (struct topk_list){.row = row[d],
                                     .limit = (d == DIM_BOTS) == bots ? FIRST_ROWS : 0};
    topk_read(t, list);
    for (int d = 0; d < DIMENSIONS; d++)
        if (list[d].limit > 0 && list[d].total > 0)
            one_json(j, t, &list[d], (enum dimension)d, min);
}

void tops_of_today_json(struct json_out *j, const struct site *s,
                        const struct document *d, bool bots)
{
    const struct site_terms *terms =
        atomic_load_explicit(&s->terms, memory_order_acquire);
    int64_t day = zone_day(terms->zone, instant_seconds(d->now));
    uint64_t min = d->whole ? 0 : terms->config.min_visitors;
    const struct topk_table *t;

    if (site_tops_base(s, day) != NULL) {
        site_tops_base_let_go(s);
        for (int of = 0; of < DIMENSIONS; of++)
            if ((of == DIM_BOTS) == bots)
                sum_json(j, s, (enum dimension)of, day, min);
        return;
    }
    t = site_tops_hold(s, day);
    if (t == NULL)
        return;
    live_json(j, t, min, bots);
    site_tops_let_go(s, day);
}
