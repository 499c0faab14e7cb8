#include "report/document.h"

#include "base/error.h"
#include "base/hash.h"

/* Quotes inside strings are escaped, so the first `"as_of":` is the member. */
uint64_t document_hash(struct slice bytes)
{
    static const char member[] = "\"as_of\":";
    const char *found = bytes.length == 0
                            ? NULL
                            : memmem(bytes.at, bytes.length, member, sizeof member - 1);
    size_t at, behind;
    uint64_t half[2];

    if (found == NULL)
        return hash_fast(bytes.at, bytes.length);
    at = (size_t)(found - bytes.at) + sizeof member - 1;
    behind = at;
    while (behind < bytes.length && bytes.at[behind] >= '0' && bytes.at[behind] <= '9')
        behind++;
    half[0] = hash_fast(bytes.at, at);
    half[1] = hash_fast(bytes.at + behind, bytes.length - behind);
    return hash_fast(half, sizeof half);
}

bool site_since(const struct site *s, int64_t *ret_since_s)
{
    const struct site_terms *terms =
        atomic_load_explicit(&s->terms, memory_order_acquire);
    int64_t live = atomic_load_explicit(&s->block->first_live_s, memory_order_relaxed);
    struct site_seed seed[METRIC_KINDS];
    struct site_totals totals;

    site_read_seed(s, seed, &totals);
    if (totals.since_day > 0 && totals.since_day != INT64_MAX) {
        int64_t stored = zone_day_start(terms->zone, totals.since_day);
        if (live == 0 || stored < live)
            live = stored;
    }
    if (live == 0)
        return false;
    *ret_since_s = live;
    return true;
}

const char *site_title(const struct site *s)
{
    const struct site_terms *terms =
        atomic_load_explicit(&s->terms, memory_order_acquire);

    if (terms->config.title[0] != '\0')
        return terms->config.title;
    return s->block->host[0] != '\0' ? s->block->host : site_shown_key(s);
}

bool site_is_public(const struct site *s)
{
    return atomic_load_explicit(&s->terms, memory_order_acquire)->config.public_site;
}

bool site_is_open_to(const struct site *s, const struct reader *reader)
{
    const struct site_terms *terms;
    struct slice group;

    if (reader == NULL)
        return false;
    terms = atomic_load_explicit(&s->terms, memory_order_acquire);
    group = slice_of(terms->config.group);
    return reader_may(reader, slice_of(site_shown_key(s)), group) ||
           reader_may(reader, slice_of(s->block->key), group);
}

int64_t site_identity_since(const struct site *s, struct instant now)
{
    int64_t created = atomic_load_explicit(&s->block->created_s, memory_order_relaxed);
    int64_t now_slot = instant_slot(now), since = created;

    for (unsigned i = 0; i < SITE_KEYS; i++) {
        const struct site_key *key = &s->block->keys[i];
        int64_t from = atomic_load_explicit(&key->from_slot, memory_order_relaxed);
        if (atomic_load_explicit(&key->state, memory_order_relaxed) == KEY_LINKED &&
            from <= now_slot && from * (SLOT_MS / 1000) > since)
            since = from * (SLOT_MS / 1000);
    }
    return since;
}

static const char *const metric_words[METRIC_KINDS] = {
    [METRIC_VIEWS] = "views", [METRIC_VISITS] = "visits", [METRIC_VISITORS] = "visitors"};

const char *metric_word(enum metric metric)
{
    return metric_words[metric];
}

int metric_parse(enum metric *ret_metric, struct slice word)
{
    for (int m = 0; m < METRIC_KINDS; m++) {
        if (!slice_equal(word, slice_of(metric_words[m])))
            continue;
        *ret_metric = (enum metric)m;
        return 0;
    }
    return ERR_NOT_FOUND;
}

void durable_json(struct json_out *j, const struct document *d)
{
    json_out_bool(j, "durable", d->durable);
    if (d->durable || d->saved_s <= 0)
        json_out_null(j, "durable_until");
    else
        json_out_signed(j, "durable_until", d->saved_s);
}

void metrics_json(struct json_out *j, const char *key, const uint64_t n[METRIC_KINDS])
{
    json_out_object(j, key);
    for (int m = 0; m < METRIC_KINDS; m++)
        json_out_number(j, metric_word((enum metric)m), n[m]);
    json_out_object_end(j);
}

void gaps_json(struct json_out *j, const char *key, const struct document *d,
               int64_t from_s, int64_t until_s)
{
    json_out_array(j, key);
    for (size_t i = 0; i < d->gap_count; i++) {
        if (d->gaps[i].until_s <= from_s || d->gaps[i].from_s >= until_s)
            continue;
        json_out_array(j, NULL);
        json_out_signed(j, NULL, d->gaps[i].from_s);
        json_out_signed(j, NULL, d->gaps[i].until_s);
        json_out_array_end(j);
    }
    json_out_array_end(j);
}

void geo_json(struct json_out *j, const struct geo_info *geo)
{
    if (geo == NULL) {
        json_out_null(j, "geo");
        return;
    }
    json_out_object(j, "geo");
    json_out_text(j, "type", geo->type);
    json_out_signed(j, "built", geo->built_s);
    json_out_text(j, "attribution", geo->credit);
    json_out_object_end(j);
}
