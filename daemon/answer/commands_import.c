/* What `luotctl import` asks, and load, which it ends in. */
#include <stdio.h>
#include <stdlib.h>

#include "answer/store_job.h"
#include "base/error.h"
#include "base/log.h"
#include "report/json.h"

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
    char memory[STORE_ANSWER_BYTES];
    struct buffer b;
    int rv = history_import(j->service->registry, store, j->service->run_dir,
                            (struct slice){j->document, j->length}, j->uid, now, &result);

    if (rv != 0) {
        store_job_error(j, load_error_name(rv),
                        result.sentence[0] != '\0' ? result.sentence
                                                   : store_error_message(rv));
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
    store_job_answer(j, &b);
}

void command_load(struct asked_command *c)
{
    struct store_job *j =
        store_job_new(c, NULL, history_is_dump(c->document) ? work_load_dump : work_load);

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
    store_job_submit(j);
}

/* --- source --- */

static void work_source(struct store_job *j, struct store *store, struct instant now)
{
    struct import_source source = {.bytes = 0};
    char memory[STORE_ANSWER_BYTES], hex[17];
    struct json_out out;
    struct buffer b;
    int rv = store->ops->source_get(store, slice_of(j->site->block->key), j->first_line,
                                    &source);

    (void)now;
    if (rv != 0 && rv != ERR_NOT_FOUND) {
        store_job_error(j, "store", store_error_message(rv));
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
    store_job_answer(j, &b);
}

void command_source(struct asked_command *c)
{
    struct site *site = command_site_at(c, 0);
    uint64_t first_line;
    struct store_job *j;

    if (site == NULL)
        return;
    if (slice_hex(c->words->place[1], &first_line) != 0) {
        command_usage(c, "HASH is at most 16 hexadecimal digits");
        return;
    }
    j = store_job_new(c, site, work_source);
    if (j == NULL)
        return;
    j->first_line = first_line;
    store_job_submit(j);
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
    size_t limit = STORE_ANSWER_BYTES + 6 * j->length;
    char *memory = malloc(limit);
    struct json_out out;
    struct buffer b;

    (void)now;
    buffer_init(&b, memory, memory == NULL ? 0 : limit);
    json_out_init(&out, &b);
    json_out_object(&out, NULL);
    json_out_text(&out, "site", j->site->block->key);
    json_out_number(&out, "key_id", key_id);
    json_out_hex(&out, "key", key.bytes, sizeof key.bytes);
    json_out_signed(&out, "first_live_s", first_live == INT64_MAX ? 0 : first_live);
    json_out_text(&out, "timezone", config.timezone);
    json_out_number(&out, "first_weekday", config.first_weekday);
    json_out_number(&out, "session_idle_s", config.session_idle_s);
    json_out_text(&out, "not_pages", config.not_pages);
    json_out_text(&out, "own_host", j->site->block->host);
    json_out_slice(&out, "settings", (struct slice){j->document, j->length});
    json_out_object_end(&out);
    buffer_byte(&b, '\n');
    store_job_answer(j, &b);
    free(memory);
    hash_key_erase(&key);
}

/* What its lines are told apart by, as a configuration with this one site: written on the
 * main thread, which replaces it. */
static int write_settings(struct store_job *j)
{
    const struct config *all = registry_config(j->service->registry);
    struct site_config site =
        atomic_load_explicit(&j->site->terms, memory_order_acquire)->config;
    struct config one = *all;
    size_t limit;
    struct buffer b;

    one.sites = &site;
    one.site_count = 1;
    one.settings.log_site[0] = '\0'; /* may be another one */
    limit = config_write_limit(&one);
    j->document = malloc(limit);
    if (j->document == NULL)
        return ERR_NOMEM;
    buffer_init(&b, j->document, limit);
    config_write_effective(&b, &one);
    j->length = b.length;
    return buffer_error(&b);
}

void command_import_key(struct asked_command *c)
{
    struct site *site = command_site_at(c, 0);
    struct store_job *j;

    if (site == NULL)
        return;
    j = store_job_new(c, site, work_import_key);
    if (j == NULL)
        return;
    if (write_settings(j) != 0) {
        command_error(c, "memory", "there is not enough memory; try again");
        free(j->document);
        free(j);
        return;
    }
    j->no_store = true;
    store_job_submit(j);
}
