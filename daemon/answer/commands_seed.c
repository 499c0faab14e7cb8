/* seed and adjust: what people say was counted. */
#include <stdio.h>

#include "answer/store_job.h"
#include "base/error.h"
#include "base/log.h"
#include "report/json.h"
#include "report/timeline.h"

/* --- What is typed --- */

static bool read_metric(const struct asked_command *c, const struct site *site,
                        enum metric *ret_metric)
{
    struct slice word;

    *ret_metric = atomic_load_explicit(&site->terms, memory_order_acquire)->config.metric;
    if (!arguments_option(c->words, "metric", &word) ||
        metric_parse(ret_metric, word) == 0)
        return true;
    command_usage(c, "--metric is views, visits or visitors");
    return false;
}

static bool read_number(const struct asked_command *c, const char *name, bool *ret_has,
                        uint64_t *ret_number)
{
    char what[64];
    struct slice word;

    *ret_has = arguments_option(c->words, name, &word);
    if (!*ret_has || slice_number(word, ret_number) == 0)
        return true;
    snprintf(what, sizeof what, "--%s is a number without points", name);
    command_usage(c, what);
    return false;
}

static bool read_time(const struct asked_command *c, const struct site *site,
                      const char *name, int64_t *ret_s)
{
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_acquire);
    char what[80];
    struct slice word;

    if (!arguments_option(c->words, name, &word) ||
        time_parse(ret_s, word, terms->zone) == 0)
        return true;
    snprintf(what, sizeof what, "--%s is a day like 2026-01-31 or unix seconds", name);
    command_usage(c, what);
    return false;
}

static void copy_note(const struct asked_command *c, char note[256])
{
    struct slice word;
    size_t length = 0;

    if (arguments_option(c->words, "note", &word))
        length = word.length < 255 ? word.length : 255;
    while (length > 0 && length < word.length && (word.at[length] & 0xC0) == 0x80)
        length--; /* never half a character */
    if (length > 0)
        memcpy(note, word.at, length);
    note[length] = '\0';
}

static void log_audit(const struct store_job *j, const char *command, enum metric metric,
                      uint64_t old, uint64_t new, const char *note)
{
    char memory[1100];
    struct buffer b;

    buffer_init(&b, memory, sizeof memory - 1);
    buffer_log_field(&b, slice_of(note));
    memory[b.length] = '\0';
    log_info("event=audit command=%s site=%s uid=%u metric=%s old=%llu new=%llu note=%s",
             command, site_shown_key(j->site), (unsigned)j->uid, metric_word(metric),
             (unsigned long long)old, (unsigned long long)new, memory);
}

struct seed_parts {
    uint64_t today, week, month;
};

/* What it came to: the total before and after, and of a seed its parts: one of which nothing
 * was said may have been raised to what lies in it. */
static void answer_change(const struct store_job *j, enum metric metric, uint64_t old,
                          uint64_t new, const struct seed_parts *parts)
{
    char memory[STORE_ANSWER_BYTES];
    struct json_out out;
    struct buffer b;

    buffer_init(&b, memory, sizeof memory);
    if (j->json) {
        json_out_init(&out, &b);
        json_out_object(&out, NULL);
        json_out_text(&out, "site", site_shown_key(j->site));
        json_out_text(&out, "metric", metric_word(metric));
        json_out_number(&out, "old", old);
        json_out_number(&out, "new", new);
        if (parts != NULL) {
            json_out_number(&out, "today", parts->today);
            json_out_number(&out, "week", parts->week);
            json_out_number(&out, "month", parts->month);
        }
        json_out_object_end(&out);
        buffer_byte(&b, '\n');
    } else {
        buffer_format(&b, "%s: total %s was %llu and is %llu", site_shown_key(j->site),
                      metric_word(metric), (unsigned long long)old,
                      (unsigned long long)new);
        if (parts != NULL)
            buffer_format(&b, "; today %llu, week %llu, month %llu",
                          (unsigned long long)parts->today,
                          (unsigned long long)parts->week,
                          (unsigned long long)parts->month);
        buffer_byte(&b, '\n');
    }
    store_job_answer(j, &b);
}

/* --- seed --- */

static void work_seed(struct store_job *j, struct store *store, struct instant now)
{
    uint64_t old = site_metric(j->site, SPAN_TOTAL, j->seed.metric, now), new;
    struct seed_parts parts;
    int rv = history_seed(j->site, store, &j->seed, j->uid, now);

    if (rv == ERR_RANGE) {
        store_job_error(j, "range", "a seed is of now or of the past, and below 2^53");
        return;
    }
    if (rv != 0) {
        store_job_error(j, "store", store_error_message(rv));
        return;
    }
    new = site_metric(j->site, SPAN_TOTAL, j->seed.metric, now);
    log_audit(j, "seed", j->seed.metric, old, new, j->seed.note);
    parts.today = site_metric(j->site, SPAN_TODAY, j->seed.metric, now);
    parts.week = site_metric(j->site, SPAN_WEEK, j->seed.metric, now);
    parts.month = site_metric(j->site, SPAN_MONTH, j->seed.metric, now);
    answer_change(j, j->seed.metric, old, new, &parts);
}

static bool read_seed(const struct asked_command *c, const struct site *site,
                      struct seed_request *s)
{
    bool has_total = false;

    copy_note(c, s->note);
    if (!read_metric(c, site, &s->metric) ||
        !read_number(c, "total", &has_total, &s->total) ||
        !read_number(c, "today", &s->has_today, &s->today) ||
        !read_number(c, "week", &s->has_week, &s->week) ||
        !read_number(c, "month", &s->has_month, &s->month) ||
        !read_time(c, site, "as_of", &s->as_of_s))
        return false;
    if (!has_total)
        command_usage(c, "--total is missing");
    return has_total;
}

void command_seed(struct asked_command *c)
{
    struct site *site = command_site_at(c, 0);
    struct seed_request seed = {.as_of_s = 0};
    struct store_job *j;
    struct slice page;

    if (site == NULL)
        return;
    if (arguments_option(c->words, "page", &page)) {
        command_seed_page(c, site, page);
        return;
    }
    if (!read_seed(c, site, &seed))
        return;
    j = store_job_new(c, site, work_seed);
    if (j == NULL)
        return;
    j->seed = seed;
    store_job_submit(j);
}

/* --- adjust --- */

static void work_adjust(struct store_job *j, struct store *store, struct instant now)
{
    enum metric metric = (enum metric)j->adjust.metric;
    uint64_t old = site_metric(j->site, SPAN_TOTAL, metric, now), new;
    int rv = history_adjust(j->site, store, &j->adjust, now);

    if (rv == ERR_RANGE) {
        store_job_error(
            j, "range",
            "that day is not yet, or has less than would be taken away, or the sum would "
            "be 2^53 or more; see `report`");
        return;
    }
    if (rv != 0) {
        store_job_error(j, "store", store_error_message(rv));
        return;
    }
    new = site_metric(j->site, SPAN_TOTAL, metric, now);
    log_audit(j, "adjust", metric, old, new, j->adjust.note);
    answer_change(j, metric, old, new, NULL);
}

static bool read_adjust(const struct asked_command *c, const struct site *site,
                        struct adjust_row *row)
{
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_acquire);
    int64_t day_s = instant_seconds(c->now);
    enum metric metric;
    struct slice word;

    copy_note(c, row->note);
    if (!read_metric(c, site, &metric) || !read_time(c, site, "day", &day_s))
        return false;
    if (!arguments_option(c->words, "by", &word) || slice_signed(word, &row->by) != 0 ||
        row->by == 0) {
        command_usage(c, "--by is a number like 3 or -3");
        return false;
    }
    row->at_s = instant_seconds(c->now);
    row->uid = (uint32_t)c->uid;
    row->metric = (int)metric;
    row->day = zone_day(terms->zone, day_s);
    return true;
}

void command_adjust(struct asked_command *c)
{
    struct site *site = command_site_at(c, 0);
    struct adjust_row row = {.at_s = 0};
    struct store_job *j;

    if (site == NULL || !read_adjust(c, site, &row))
        return;
    j = store_job_new(c, site, work_adjust);
    if (j == NULL)
        return;
    j->adjust = row;
    store_job_submit(j);
}
