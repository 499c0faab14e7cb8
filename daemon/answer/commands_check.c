/* check: is all well? One line each: what, and, if it is not well, what to do. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "answer/checking.h"
#include "base/date.h"
#include "base/error.h"
#include "report/series.h"

enum {
    CHECK_BYTES = 1 << 16,
    CHECK_BYTES_MAX = 1 << 26,
    QUIET_S = 86400,
    DAYS_LEFT = 30,         /* before the disk is full: warn             */
    DISK_LEAST = 100 << 20, /* bytes that should be free, of disks       */
    ARENA_LEAST = 32 << 20  /* and of the tmpfs: a site's largest tables */
};

void checking_say(struct checking *c, bool ok, const char *what, const char *format, ...)
{
    char sentence[1024];
    va_list words;

    va_start(words, format);
    vsnprintf(sentence, sizeof sentence, format, words);
    va_end(words);
    c->bad += !ok;
    if (!c->job->json) {
        buffer_format(&c->out, "%-3s %-7s %s\n", ok ? "ok" : "BAD", what, sentence);
        return;
    }
    json_out_object(&c->json, NULL);
    json_out_bool(&c->json, "ok", ok);
    json_out_text(&c->json, "what", what);
    json_out_text(&c->json, "sentence", sentence);
    json_out_object_end(&c->json);
}

/* As the site's people read it; without a zone in UTC. */
static const char *write_time(int64_t s, const struct zone *zone, char memory[48])
{
    char date[11];
    struct buffer b;

    if (zone == NULL) {
        date_write(s / 86400, date);
        snprintf(memory, 48, "%s %02d:%02d UTC", date, (int)(s / 3600 % 24),
                 (int)(s / 60 % 60));
        return memory;
    }
    buffer_init(&b, memory, 47);
    local_time_write(&b, s, zone);
    memory[b.length] = '\0';
    return memory;
}

static const char *write_bytes(uint64_t bytes, char memory[32])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double n = (double)bytes;
    int u = 0;

    for (; n >= 1000 && u < 4; u++)
        n /= 1000;
    snprintf(memory, 32, u == 0 || n >= 100 ? "%.0f %s" : "%.1f %s", n, units[u]);
    return memory;
}

/* --- The store --- */

/* Of several: each for itself, because what one of them has is durable for all. */
static void check_one_of_several(struct checking *c, const struct store_state *s)
{
    char time[48];

    if (s->durable)
        checking_say(c, true, "store", "%s: all that was counted is saved", s->where);
    else
        checking_say(
            c, false, "store",
            "%s: nothing is saved since %s (%s); counting goes on: put that right, and "
            "all of it is saved then",
            s->where,
            s->durable_since_ms == 0 ? "luotd started"
                                     : write_time(s->durable_since_ms / 1000, NULL, time),
            s->sentence[0] != '\0' ? s->sentence
            : s->error != 0        ? error_text(s->error)
                                   : "it has just begun");
}

static void check_saving(struct checking *c)
{
    const struct service_status *s = &c->status;
    char time[48];

    if (!s->store)
        checking_say(c, false, "store",
                     "store = none: what was counted is lost at a reboot; set `store` in "
                     "luotd.conf "
                     "and restart luotd");
    else if (s->durable)
        checking_say(c, true, "store", "all that was counted is saved");
    else if (s->durable_since_ms == 0)
        checking_say(
            c, false, "store", "nothing was saved since luotd started (%s); see its log",
            s->save_error != 0 ? error_text(s->save_error) : "it has just begun");
    else
        checking_say(
            c, false, "store",
            "nothing is saved since %s (%s); counting goes on in memory: put right what "
            "luotd's log says, it saves all of it then",
            write_time(s->durable_since_ms / 1000, NULL, time),
            error_text(s->save_error));
}

static void check_disk(struct checking *c, const struct store_health *h)
{
    char bytes[32], left[32], more[32];
    uint64_t days = h->bytes_a_day == 0 ? UINT64_MAX : h->free_bytes / h->bytes_a_day;
    bool ok = h->free_bytes >= DISK_LEAST && days >= DAYS_LEFT;
    const char *next =
        ok ? "" : "; free some space there, or move the store to a larger disk";

    write_bytes(h->bytes, bytes);
    write_bytes(h->free_bytes, left);
    if (!h->growth_known)
        checking_say(c, ok, "disk",
                     "%s has %s, and %s are free; how it grows is known in a day%s",
                     h->place, bytes, left, next);
    else if (h->bytes_a_day == 0)
        checking_say(c, ok, "disk", "%s has %s and does not grow; %s are free%s",
                     h->place, bytes, left, next);
    else
        checking_say(c, ok, "disk",
                     "%s has %s and grows by %s a day; %s are free: full in %llu days%s",
                     h->place, bytes, write_bytes(h->bytes_a_day, more), left,
                     (unsigned long long)days, next);
}

static void check_whole(struct checking *c, const struct store_health *h)
{
    if (!h->looked_at)
        checking_say(
            c, true, "whole",
            "%s is too large to look at all of it while luotd runs; `sqlite3 -readonly "
            "FILE 'PRAGMA quick_check'` does",
            h->place);
    else if (h->whole)
        checking_say(c, true, "whole", "%s is whole", h->place);
    else
        checking_say(
            c, false, "whole",
            "%s is damaged (%s): `luotctl dump --all FILE` saves what can be read; then "
            "stop luotd, move the database away, start luotd and `luotctl load FILE`",
            h->place, h->trouble);
}

static void check_store(struct checking *c, struct store *store)
{
    struct store_health health;
    int rv;

    if (c->status.store_count <= 1)
        check_saving(c);
    for (unsigned i = 0; c->status.store_count > 1 && i < c->status.store_count; i++)
        check_one_of_several(c, &c->status.stores[i]);
    if (store == NULL || store->ops->health == NULL)
        return;
    rv = store->ops->health(store, &health);
    if (rv != 0) {
        checking_say(c, false, "disk", "%s", store_error_message(rv));
        return;
    }
    check_disk(c, &health);
    check_whole(c, &health);
}

/* --- The arena --- */

static void check_arena(struct checking *c)
{
    const struct service *service = c->job->service;
    size_t used = registry_used(service->registry);
    uint64_t most = registry_config(service->registry)->settings.sites_max;
    struct statvfs disk;
    uint64_t left = 0;
    char bytes[32], free_bytes[32];

    if (statvfs(service->run_dir, &disk) == 0)
        left = (uint64_t)disk.f_bavail * disk.f_frsize;
    write_bytes(left, free_bytes);
    write_bytes(c->status.arena_bytes, bytes);
    if (left < ARENA_LEAST)
        checking_say(
            c, false, "memory",
            "%s has %s left, the counters take %s: make that file system larger, or a "
            "busy "
            "site is soon counted less exactly",
            service->run_dir, free_bytes, bytes);
    else
        checking_say(c, true, "memory", "the counters take %s in %s, %s are left", bytes,
                     service->run_dir, free_bytes);
    /* The tenth that is left is time to raise it: that takes a restart. */
    if (used * 10 > most * 9)
        checking_say(
            c, false, "room",
            "%zu of %llu sites are taken, archived ones too: raise sites_max and restart "
            "luotd",
            used, (unsigned long long)most);
    else
        checking_say(c, true, "room", "%zu of %llu sites are taken", used,
                     (unsigned long long)most);
}

/* --- The country database --- */

static void check_geo(struct checking *c)
{
    const struct atlas *atlas = service_atlas(c->job->service);
    const struct geo_info *info;
    char day[11];

    if (atlas == NULL)
        return;
    if (atlas->trouble[0] != '\0') {
        checking_say(c, false, "geo", "%s%s", atlas->trouble,
                     atlas->geo == NULL ? "" : " (the one before is still used)");
        return;
    }
    if (atlas->geo == NULL) {
        checking_say(c, true, "geo",
                     "no country database: views are not counted by country; `geo_db` "
                     "names one");
        return;
    }
    info = geo_info(atlas->geo);
    date_write(info->built_s / 86400, day);
    checking_say(c, true, "geo", "countries are from %s, built %s%s%s", info->type, day,
                 info->credit[0] == '\0' ? "" : "; ", info->credit);
}

/* --- The sites --- */

static bool is_silent(const struct checking *c, const struct site *site,
                      int64_t *ret_last)
{
    int64_t last = atomic_load_explicit(&site->block->last_view_s, memory_order_relaxed);
    int64_t created = atomic_load_explicit(&site->block->created_s, memory_order_relaxed);
    int64_t until = instant_seconds(c->now) - c->job->quiet_s;

    *ret_last = last;
    return last < until && created < until;
}

static const struct zone *zone_of(const struct site *site)
{
    return atomic_load_explicit(&site->terms, memory_order_acquire)->zone;
}

/* As it was asked for: 24 hours, 90 minutes. */
static const char *write_span(int64_t s, char memory[48])
{
    if (s % 3600 == 0)
        snprintf(memory, 48, "%lld hours", (long long)(s / 3600));
    else if (s % 60 == 0)
        snprintf(memory, 48, "%lld minutes", (long long)(s / 60));
    else
        snprintf(memory, 48, "%lld seconds", (long long)s);
    return memory;
}

static void check_sites(struct checking *c)
{
    const struct registry *r = c->job->service->registry;
    unsigned silent = 0, sites = 0;
    char time[48];

    for (size_t i = 0; i < registry_limit(r); i++) {
        const struct site *site = registry_at(r, i);
        int64_t last;

        if (site == NULL)
            continue;
        sites++;
        if (!is_silent(c, site, &last))
            continue;
        silent++;
        if (last == 0)
            checking_say(c, false, "silent",
                         "%s had no view yet: is the tag in its pages?",
                         site_shown_key(site));
        else
            checking_say(
                c, false, "silent",
                "%s had no view since %s: is the tag still in its pages, and is the site "
                "up?",
                site_shown_key(site), write_time(last, zone_of(site), time));
    }
    if (silent == 0)
        checking_say(c, true, "sites",
                     "each of %u sites had a view in the last %s, or is new", sites,
                     write_span(c->job->quiet_s, time));
}

/* --- All of it --- */

static void check_all(struct checking *c, struct store *store)
{
    c->bad = 0;
    json_out_init(&c->json, &c->out);
    if (c->job->json) {
        json_out_object(&c->json, NULL);
        json_out_array(&c->json, "checks");
    }
    check_store(c, store);
    checking_shared_stores(c);
    checking_nodes(c);
    check_arena(c);
    checking_damage(c);
    check_geo(c);
    check_sites(c);
    if (c->job->json) {
        json_out_array_end(&c->json);
        json_out_bool(&c->json, "ok", c->bad == 0);
        json_out_object_end(&c->json);
        buffer_byte(&c->out, '\n');
    }
}

/* Asked again with more memory until it fits. */
static void work_check(struct store_job *j, struct store *store, struct instant now)
{
    struct checking c = {.job = j, .now = now};
    char *memory = NULL;

    j->service->status(j->service->context, &c.status);
    c.out.error = ERR_FULL;
    for (size_t limit = CHECK_BYTES;
         buffer_error(&c.out) != 0 && limit <= CHECK_BYTES_MAX; limit *= 8) {
        free(memory);
        memory = malloc(limit);
        buffer_init(&c.out, memory, memory == NULL ? 0 : limit);
        check_all(&c, store);
    }
    store_job_answer(j, &c.out);
    free(memory);
}

/* "24h", "90m", "2d", "3600" or "3600s". */
static bool read_span(struct slice text, int64_t *ret_s)
{
    static const struct {
        char letter;
        int64_t s;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    int64_t unit = 1;
    uint64_t n;

    for (size_t i = 0; i < 4; i++)
        if (text.length > 0 && text.at[text.length - 1] == units[i].letter) {
            unit = units[i].s;
            text.length--;
            break;
        }
    if (slice_number(text, &n) != 0 || n == 0 || n > 100000000)
        return false;
    *ret_s = (int64_t)n * unit;
    return true;
}

void command_check(struct asked_command *c)
{
    int64_t quiet_s = QUIET_S;
    struct slice word;
    struct store_job *j;

    if (arguments_option(c->words, "quiet", &word) && !read_span(word, &quiet_s)) {
        command_usage(c, "--quiet is how long a site may be silent: 24h, 90m or 2d");
        return;
    }
    j = store_job_new(c, NULL, work_check);
    if (j == NULL)
        return;
    j->no_store = true;
    j->quiet_s = quiet_s;
    store_job_submit(j);
}
