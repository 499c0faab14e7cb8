/* Commands that need the store: they check what was typed, then a job of the reader
 * thread does it, audits it and answers.
 *
 * It fails when: the queue is full (ERR busy), there is no store (ERR no_store), the
 * store fails (ERR store and its sentence), luotd is stopping (ERR stopping). Nothing is
 * half done then: a store's change is one transaction. */
#include <stdio.h>
#include <stdlib.h>

#include "answer/command.h"
#include "base/error.h"
#include "base/log.h"
#include "report/series.h"
#include "store/history.h"

enum { ANSWER_BYTES = 8192, AUDIT_BYTES = 1 << 16, AUDIT_BYTES_MAX = 1 << 26 };

struct store_job {
    struct job job; /* first */
    void (*work)(struct store_job *j, struct store *store, struct instant now);
    struct service *service;
    struct destination to;
    struct site *site;   /* NULL: load */
    bool json, no_store; /* no_store: works without one too */
    uint32_t uid;
    struct seed_request seed;
    struct adjust_row adjust;
    uint64_t first_line;
    char *document; /* ours */
    size_t length;
};

/* --- The queue --- */

static void job_error(const struct store_job *j, const char *name, const char *sentence)
{
    destination_error(&j->to, 503, name, sentence);
}

static void run(struct job *job, struct store *store, struct instant now, bool canceled)
{
    struct store_job *j = (struct store_job *)job;

    if (canceled)
        job_error(j, "stopping", store_error_message(ERR_CANCELED));
    else if (store == NULL && !j->no_store)
        job_error(j, "no_store",
                  "luotd runs with store = none, so there is nowhere to keep that; set "
                  "`store` in luotd.conf and restart luotd");
    else
        j->work(j, store, now);
    free(j->document);
    free(j);
}

static struct store_job *job_new(const struct asked_command *c, struct site *site,
                                 void (*work)(struct store_job *, struct store *,
                                              struct instant))
{
    struct store_job *j = calloc(1, sizeof *j);

    if (j == NULL) {
        command_error(c, "memory", "there is not enough memory; try again");
        return NULL;
    }
    j->job.run = run;
    j->work = work;
    j->service = c->service;
    j->to = c->to;
    j->site = site;
    j->json = c->json;
    j->uid = (uint32_t)c->uid;
    return j;
}

/* The job is the reader's, or gone and said so. */
static void job_submit(struct store_job *j)
{
    int rv = j->service->submit(j->service->context, &j->job);

    if (rv == 0)
        return;
    job_error(j, rv == ERR_CANCELED ? "stopping" : "busy",
              rv == ERR_CANCELED ? store_error_message(rv)
                                 : "too many questions at once; try again in a second");
    free(j->document);
    free(j);
}

static void job_answer(const struct store_job *j, const struct buffer *out)
{
    if (buffer_error(out) == 0)
        destination_document(&j->to, buffer_written(out));
    else
        job_error(j, "memory", "the answer is too long");
}

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
             command, j->site->block->key, (unsigned)j->uid, metric_word(metric),
             (unsigned long long)old, (unsigned long long)new, memory);
}

/* What it came to: the total before and after. */
static void answer_change(const struct store_job *j, enum metric metric, uint64_t old,
                          uint64_t new)
{
    char memory[ANSWER_BYTES];
    struct json_out out;
    struct buffer b;

    buffer_init(&b, memory, sizeof memory);
    if (j->json) {
        json_out_init(&out, &b);
        json_out_object(&out, NULL);
        json_out_text(&out, "site", j->site->block->key);
        json_out_text(&out, "metric", metric_word(metric));
        json_out_number(&out, "old", old);
        json_out_number(&out, "new", new);
        json_out_object_end(&out);
        buffer_byte(&b, '\n');
    } else {
        buffer_format(&b, "%s: total %s was %llu and is %llu\n", j->site->block->key,
                      metric_word(metric), (unsigned long long)old,
                      (unsigned long long)new);
    }
    job_answer(j, &b);
}

/* --- seed --- */

static void work_seed(struct store_job *j, struct store *store, struct instant now)
{
    uint64_t old = site_metric(j->site, SPAN_TOTAL, j->seed.metric, now), new;
    int rv = history_seed(j->site, store, &j->seed, j->uid, now);

    if (rv == ERR_RANGE) {
        job_error(j, "range", "a seed is of now or of the past, and below 2^53");
        return;
    }
    if (rv != 0) {
        job_error(j, "store", store_error_message(rv));
        return;
    }
    new = site_metric(j->site, SPAN_TOTAL, j->seed.metric, now);
    log_audit(j, "seed", j->seed.metric, old, new, j->seed.note);
    answer_change(j, j->seed.metric, old, new);
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

    if (site == NULL || !read_seed(c, site, &seed))
        return;
    j = job_new(c, site, work_seed);
    if (j == NULL)
        return;
    j->seed = seed;
    job_submit(j);
}

/* --- adjust --- */

static void work_adjust(struct store_job *j, struct store *store, struct instant now)
{
    enum metric metric = (enum metric)j->adjust.metric;
    uint64_t old = site_metric(j->site, SPAN_TOTAL, metric, now), new;
    int rv = history_adjust(j->site, store, &j->adjust, now);

    if (rv == ERR_RANGE) {
        job_error(
            j, "range",
            "that day is not yet, or has less than would be taken away; see `report`");
        return;
    }
    if (rv != 0) {
        job_error(j, "store", store_error_message(rv));
        return;
    }
    new = site_metric(j->site, SPAN_TOTAL, metric, now);
    log_audit(j, "adjust", metric, old, new, j->adjust.note);
    answer_change(j, metric, old, new);
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
    j = job_new(c, site, work_adjust);
    if (j == NULL)
        return;
    j->adjust = row;
    job_submit(j);
}

/* --- load --- */

static void span_json(struct json_out *out, const struct import_source *source)
{
    if (source->views > 0) {
        json_out_signed(out, "from", source->from_s);
        json_out_signed(out, "to", source->to_s);
    } else {
        json_out_null(out, "from");
        json_out_null(out, "to");
    }
}

static void load_json(struct buffer *b, const struct load_result *r)
{
    struct json_out out;

    json_out_init(&out, b);
    json_out_object(&out, NULL);
    json_out_text(&out, "file", r->source.name);
    json_out_number(&out, "lines", r->source.lines);
    json_out_number(&out, "parsed", r->source.parsed);
    json_out_number(&out, "malformed", r->source.malformed);
    json_out_number(&out, "views", r->source.views);
    json_out_number(&out, "skipped", r->source.skipped);
    json_out_signed(&out, "visits", (int64_t)r->visits);
    json_out_signed(&out, "visitors", (int64_t)r->visitors);
    span_json(&out, &r->source);
    json_out_bool(&out, "already_imported", false);
    json_out_object_end(&out);
    buffer_byte(b, '\n');
}

static const char *load_error_name(int code)
{
    switch (code) {
    case ERR_EXISTS:
        return "exists";
    case ERR_MALFORMED:
        return "malformed";
    case ERR_NOT_FOUND:
        return "unknown_site";
    case ERR_RANGE:
        return "range";
    default:
        return "store";
    }
}

static void work_load(struct store_job *j, struct store *store, struct instant now)
{
    struct load_result result = {.visits = 0};
    char memory[ANSWER_BYTES];
    struct buffer b;
    int rv = history_import(j->service->registry, store, j->service->run_dir,
                            (struct slice){j->document, j->length}, j->uid, now, &result);

    if (rv != 0) {
        job_error(j, load_error_name(rv),
                  result.sentence[0] != '\0' ? result.sentence : store_error_message(rv));
        return;
    }
    log_info("event=audit command=load uid=%u first_line=%016llx bytes=%llu views=%llu",
             (unsigned)j->uid, (unsigned long long)result.source.first_line,
             (unsigned long long)result.source.bytes,
             (unsigned long long)result.source.views);
    buffer_init(&b, memory, sizeof memory);
    if (j->json)
        load_json(&b, &result);
    else
        buffer_format(&b, "%s: %llu lines are in, %llu of them page views\n",
                      result.source.name, (unsigned long long)result.source.lines,
                      (unsigned long long)result.source.views);
    job_answer(j, &b);
}

void command_load(struct asked_command *c)
{
    struct store_job *j = job_new(c, NULL, work_load);

    if (j == NULL)
        return;
    j->length = c->document.length;
    j->document = malloc(j->length + 1);
    if (j->document == NULL) {
        command_error(c, "memory",
                      "there is not enough memory; load it in smaller parts");
        free(j);
        return;
    }
    if (j->length > 0)
        memcpy(j->document, c->document.at, j->length);
    job_submit(j);
}

/* --- source --- */

static void work_source(struct store_job *j, struct store *store, struct instant now)
{
    struct import_source source = {.bytes = 0};
    char memory[ANSWER_BYTES], hex[17];
    struct json_out out;
    struct buffer b;
    int rv = store->ops->source_get(store, slice_of(j->site->block->key), j->first_line,
                                    &source);

    (void)now;
    if (rv != 0 && rv != ERR_NOT_FOUND) {
        job_error(j, "store", store_error_message(rv));
        return;
    }
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)j->first_line);
    buffer_init(&b, memory, sizeof memory);
    json_out_init(&out, &b);
    json_out_object(&out, NULL);
    json_out_text(&out, "site", j->site->block->key);
    json_out_text(&out, "first_line", hex);
    json_out_bool(&out, "known", rv == 0);
    json_out_text(&out, "name", source.name);
    json_out_number(&out, "bytes", source.bytes);
    json_out_number(&out, "lines", source.lines);
    json_out_number(&out, "parsed", source.parsed);
    json_out_number(&out, "malformed", source.malformed);
    json_out_number(&out, "views", source.views);
    json_out_number(&out, "skipped", source.skipped);
    span_json(&out, &source);
    json_out_object_end(&out);
    buffer_byte(&b, '\n');
    job_answer(j, &b);
}

static bool read_hex(struct slice word, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (word.length == 0 || word.length > 16)
        return false;
    for (size_t i = 0; i < word.length; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = strchr(digits, word.at[i] | 0x20);
        if (digit == NULL || word.at[i] == '\0')
            return false;
        number = number << 4 | (uint64_t)(digit - digits);
    }
    *ret_number = number;
    return true;
}

void command_source(struct asked_command *c)
{
    struct site *site = command_site_at(c, 0);
    uint64_t first_line;
    struct store_job *j;

    if (site == NULL)
        return;
    if (!read_hex(c->words->place[1], &first_line)) {
        command_usage(c, "HASH is at most 16 hexadecimal digits");
        return;
    }
    j = job_new(c, site, work_source);
    if (j == NULL)
        return;
    j->first_line = first_line;
    job_submit(j);
}

/* --- import-key --- */

static void work_import_key(struct store_job *j, struct store *store, struct instant now)
{
    const struct site_terms *terms =
        atomic_load_explicit(&j->site->terms, memory_order_acquire);
    const struct site_config config = terms->config; /* the store may keep us waiting */
    int64_t first_live = history_first_live(j->site, store);
    uint64_t key_id;
    struct hash_key key = history_import_key(j->site, &key_id);
    char memory[ANSWER_BYTES];
    struct json_out out;
    struct buffer b;

    (void)now;
    buffer_init(&b, memory, sizeof memory);
    json_out_init(&out, &b);
    json_out_object(&out, NULL);
    json_out_text(&out, "site", j->site->block->key);
    json_out_number(&out, "key_id", key_id);
    json_out_hex(&out, "key", key.bytes, sizeof key.bytes);
    json_out_signed(&out, "first_live_s", first_live == INT64_MAX ? 0 : first_live);
    json_out_text(&out, "timezone", config.timezone);
    json_out_number(&out, "first_weekday", config.first_weekday);
    json_out_number(&out, "session_idle_s", config.session_idle_s);
    json_out_object_end(&out);
    buffer_byte(&b, '\n');
    job_answer(j, &b);
    hash_key_erase(&key);
}

void command_import_key(struct asked_command *c)
{
    struct site *site = command_site_at(c, 0);
    struct store_job *j;

    if (site == NULL)
        return;
    j = job_new(c, site, work_import_key);
    if (j == NULL)
        return;
    j->no_store = true;
    job_submit(j);
}

/* --- audit --- */

struct audit_out {
    struct buffer b;
    struct json_out out;
    const struct zone *zone;
    bool json;
};

static int audit_row(void *context, int64_t at_s, uint32_t uid, const char *what)
{
    struct audit_out *a = context;

    if (!a->json) {
        local_time_write(&a->b, at_s, a->zone);
        buffer_format(&a->b, " uid=%u %s\n", (unsigned)uid, what);
        return 0;
    }
    json_out_object(&a->out, NULL);
    json_out_signed(&a->out, "at", at_s);
    json_out_number(&a->out, "uid", uid);
    json_out_text(&a->out, "what", what);
    json_out_object_end(&a->out);
    return 0;
}

static int audit_write(struct audit_out *a, const struct store_job *j,
                       struct store *store)
{
    struct slice key = slice_of(j->site->block->key);
    int rv;

    if (!a->json)
        return store->ops->audit(store, key, audit_row, a);
    json_out_init(&a->out, &a->b);
    json_out_object(&a->out, NULL);
    json_out_slice(&a->out, "site", key);
    json_out_array(&a->out, "rows");
    rv = store->ops->audit(store, key, audit_row, a);
    json_out_array_end(&a->out);
    json_out_object_end(&a->out);
    buffer_byte(&a->b, '\n');
    return rv;
}

/* Asked again with more memory until it fits. */
static void work_audit(struct store_job *j, struct store *store, struct instant now)
{
    struct audit_out a = {.json = j->json};
    struct zone *zone = NULL;
    char *memory = NULL;
    int rv = zone_load(
        &zone, slice_of(atomic_load_explicit(&j->site->terms, memory_order_acquire)
                            ->config.timezone));

    (void)now;
    a.zone = zone;
    a.b.error = ERR_FULL;
    for (size_t limit = AUDIT_BYTES;
         rv == 0 && buffer_error(&a.b) != 0 && limit <= AUDIT_BYTES_MAX; limit *= 4) {
        free(memory);
        memory = malloc(limit);
        rv = memory == NULL ? ERR_NOMEM : 0;
        buffer_init(&a.b, memory, memory == NULL ? 0 : limit);
        if (rv == 0)
            rv = audit_write(&a, j, store);
    }
    if (rv != 0)
        job_error(j, "store", store_error_message(rv));
    else
        job_answer(j, &a.b);
    free(memory);
    zone_free(zone);
}

void command_audit(struct asked_command *c)
{
    struct site *site = command_site_at(c, 0);
    struct store_job *j;

    if (site == NULL)
        return;
    j = job_new(c, site, work_audit);
    if (j != NULL)
        job_submit(j);
}
