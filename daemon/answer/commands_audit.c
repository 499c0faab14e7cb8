/* audit: who changed what. Of one site, or of luotd itself and of every site that the store
 * knows, put away and merged ones too, in the order in which it was done. */
#include <pwd.h>
#include <stdlib.h>

#include "answer/store_job.h"
#include "base/error.h"
#include "report/series.h"

enum { AUDIT_BYTES = 1 << 16, AUDIT_BYTES_MAX = 1 << 26, USER_MAX = 64 };

struct audit_row {
    int64_t at_s;
    size_t nth;  /* as it was read: the order of one second */
    size_t site; /* of trail.site                           */
    size_t what; /* where it begins in trail.text           */
    uint32_t uid;
};

/* What was read, before it is written: several trails become one. */
struct trail {
    struct audit_row *row;
    size_t rows, row_room;
    char (*site)[SITE_KEY_MAX + 1]; /* "": luotd itself */
    size_t sites, site_room;
    char *text; /* each with its NUL */
    size_t length, text_room;
};

/* Room for `more` things of `size` bytes behind `count`; false: no memory. */
static bool grow(void **at, size_t *room, size_t count, size_t more, size_t size)
{
    size_t wanted = (count + more) * 2 + 64;
    void *larger;

    if (count + more <= *room)
        return true;
    larger = realloc(*at, wanted * size);
    if (larger == NULL)
        return false;
    *at = larger;
    *room = wanted;
    return true;
}

static void trail_release(struct trail *t)
{
    free(t->row);
    free(t->site);
    free(t->text);
}

static int add_site(void *context, struct slice key, struct slice host)
{
    struct trail *t = context;
    void *at = t->site;
    bool fits = grow(&at, &t->site_room, t->sites, 1, sizeof *t->site);

    (void)host;
    t->site = at;
    if (!fits)
        return ERR_NOMEM;
    if (key.length > SITE_KEY_MAX)
        return 0; /* not of ours */
    memset(t->site[t->sites], 0, sizeof *t->site);
    if (key.length > 0)
        memcpy(t->site[t->sites], key.at, key.length);
    t->sites++;
    return 0;
}

struct reading {
    struct trail *trail;
    size_t site;
};

static int add_row(void *context, int64_t at_s, uint32_t uid, const char *what)
{
    struct reading *r = context;
    struct trail *t = r->trail;
    size_t length = strlen(what) + 1;
    void *row = t->row, *text = t->text;
    bool fits = grow(&row, &t->row_room, t->rows, 1, sizeof *t->row) &&
                grow(&text, &t->text_room, t->length, length, 1);

    t->row = row;
    t->text = text;
    if (!fits)
        return ERR_NOMEM;
    memcpy(t->text + t->length, what, length);
    t->row[t->rows] = (struct audit_row){
        .at_s = at_s, .nth = t->rows, .site = r->site, .what = t->length, .uid = uid};
    t->rows++;
    t->length += length;
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct audit_row *x = a, *y = b;

    if (x->at_s != y->at_s)
        return x->at_s < y->at_s ? -1 : 1;
    return (x->nth > y->nth) - (x->nth < y->nth);
}

/* Of one site, or, when it is NULL, of all and of none. */
static int read_trail(struct trail *t, struct store *store, const struct site *site)
{
    int rv = add_site(t, slice_of(site == NULL ? "" : site->block->key), SLICE(""));

    if (rv == 0 && site == NULL)
        rv = store->ops->sites(store, add_site, t);
    for (size_t i = 0; i < t->sites && rv == 0; i++) {
        struct reading r = {t, i};
        rv = store->ops->audit(store, slice_of(t->site[i]), add_row, &r);
    }
    if (rv == 0 && t->rows > 0)
        qsort(t->row, t->rows, sizeof *t->row, by_time);
    return rv;
}

/* --- Writing --- */

struct audit_out {
    struct buffer b;
    struct json_out out;
    const struct trail *trail;
    const struct registry *registry;
    const struct zone *zone;
    char user[USER_MAX]; /* whose name was asked for last */
    uint32_t user_uid;
    bool user_known, all;
};

/* As this machine names him now; "": it does not. */
static const char *user_of(struct audit_out *a, uint32_t uid)
{
    char memory[4096];
    struct passwd entry, *found = NULL;

    if (a->user_known && a->user_uid == uid)
        return a->user;
    a->user_known = true;
    a->user_uid = uid;
    a->user[0] = '\0';
    if (getpwuid_r((uid_t)uid, &entry, memory, sizeof memory, &found) == 0 &&
        found != NULL && strlen(entry.pw_name) < sizeof a->user)
        memcpy(a->user, entry.pw_name, strlen(entry.pw_name) + 1);
    return a->user;
}

static const char *site_of(const struct audit_out *a, const struct audit_row *row)
{
    const char *key = a->trail->site[row->site];
    const struct site *site =
        key[0] == '\0' ? NULL : registry_by_key(a->registry, slice_of(key));

    return site == NULL ? key : site_shown_key(site);
}

/* A note may hold anything: it gets no line and no colour of its own. */
static void write_line(struct audit_out *a, const struct audit_row *row)
{
    const char *user = user_of(a, row->uid), *site = site_of(a, row);

    local_time_write(&a->b, row->at_s, a->zone);
    if (a->all)
        buffer_format(&a->b, " %s", site[0] == '\0' ? "-" : site);
    buffer_format(&a->b, "%s%s uid=%u ", user[0] == '\0' ? "" : " ", user,
                  (unsigned)row->uid);
    for (const char *w = a->trail->text + row->what; *w != '\0'; w++)
        buffer_byte(&a->b, (unsigned char)*w < ' ' || *w == 0x7F ? '?' : *w);
    buffer_byte(&a->b, '\n');
}

static void text_or_null(struct json_out *j, const char *key, const char *text)
{
    if (text[0] == '\0')
        json_out_null(j, key);
    else
        json_out_text(j, key, text);
}

static void write_json(struct audit_out *a)
{
    struct json_out *j = &a->out;

    json_out_init(j, &a->b);
    json_out_object(j, NULL);
    text_or_null(j, "site", a->all ? "" : a->trail->site[0]);
    json_out_array(j, "rows");
    for (size_t i = 0; i < a->trail->rows; i++) {
        const struct audit_row *row = &a->trail->row[i];

        json_out_object(j, NULL);
        json_out_signed(j, "at", row->at_s);
        text_or_null(j, "site", site_of(a, row));
        json_out_number(j, "uid", row->uid);
        text_or_null(j, "user", user_of(a, row->uid));
        json_out_text(j, "what", a->trail->text + row->what);
        json_out_object_end(j);
    }
    json_out_array_end(j);
    json_out_object_end(j);
    buffer_byte(&a->b, '\n');
}

static void write_trail(struct audit_out *a, bool json)
{
    if (json) {
        write_json(a);
        return;
    }
    for (size_t i = 0; i < a->trail->rows; i++)
        write_line(a, &a->trail->row[i]);
}

/* With more memory until it fits. */
static void answer(struct store_job *j, struct audit_out *a)
{
    char *memory = NULL;

    a->b.error = ERR_FULL;
    for (size_t limit = AUDIT_BYTES; buffer_error(&a->b) != 0 && limit <= AUDIT_BYTES_MAX;
         limit *= 4) {
        free(memory);
        memory = malloc(limit);
        if (memory == NULL) {
            store_job_error(j, "memory", "there is not enough memory; try again");
            return;
        }
        buffer_init(&a->b, memory, limit);
        write_trail(a, j->json);
    }
    store_job_answer(j, &a->b);
    free(memory);
}

/* Times are a site's; of all together those of the first one that is configured. */
static const char *zone_of(const struct store_job *j)
{
    const struct config *config = registry_config(j->service->registry);

    if (j->site != NULL)
        return atomic_load_explicit(&j->site->terms, memory_order_acquire)
            ->config.timezone;
    return config->site_count > 0 ? config->sites[0].timezone : "UTC";
}

static void work_audit(struct store_job *j, struct store *store, struct instant now)
{
    struct trail trail = {.rows = 0};
    struct audit_out a = {
        .trail = &trail, .registry = j->service->registry, .all = j->site == NULL};
    struct zone *zone = NULL;
    int rv = zone_load(&zone, slice_of(zone_of(j)));

    (void)now;
    a.zone = zone;
    if (rv == 0)
        rv = read_trail(&trail, store, j->site);
    if (rv != 0)
        store_job_error(j, "store", store_error_message(rv));
    else
        answer(j, &a);
    trail_release(&trail);
    zone_free(zone);
}

void command_audit(struct asked_command *c)
{
    struct site *site = c->words->places > 0 ? command_site_at(c, 0) : NULL;
    struct store_job *j;

    if (c->words->places > 0 && site == NULL)
        return;
    j = store_job_new(c, site, work_audit);
    if (j != NULL)
        store_job_submit(j);
}
