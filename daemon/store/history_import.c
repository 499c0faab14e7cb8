/* `load`. Views are in the document; visits and visitors of its days, weeks, months and
 * hours are what the marks of all pieces together give, less what those before gave. So a
 * log in two halves is the log, to the number, in whatever order the halves come.
 *
 * Happy path: parse -> may it be loaded -> join with the marks held -> the rows' changes
 * -> one transaction -> the marks -> the answers. It fails before the transaction or in
 * it: nothing changed. Killed between the transaction and the marks' rename, what comes
 * later is a sum for visitors of this piece. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "store/history.h"
#include "store/load_document.h"

static const uint64_t number_max = (uint64_t)1 << 53;
static const uint64_t key_id_bits = ((uint64_t)1 << 53) - 1; /* it travels as JSON */

struct importing {
    struct site *site;
    struct store *store;
    const struct site_terms *terms;
    const char *run_dir;
    struct slice key;
    uint64_t key_id;
    struct load_document document;
    struct import_source source; /* as it will be   */
    struct marks held, joined;   /* all of the site */
    struct change *rows;
    size_t row_count;
    struct top_row *tops; /* of rows of CHANGE_TOPS, which come last */
    struct load_result *result;
};

struct hash_key history_import_key(const struct site *site, uint64_t *ret_key_id)
{
    struct hash_key key;

    site_import_key(site, &key);
    *ret_key_id = hash_fast(&key, sizeof key) & key_id_bits;
    if (*ret_key_id == 0)
        *ret_key_id = 1;
    return key;
}

int64_t history_first_live(const struct site *site, struct store *store)
{
    int64_t live = atomic_load_explicit(&site->block->first_live_s, memory_order_relaxed);
    int64_t created, stored = 0;

    if (store != NULL &&
        store->ops->site_first(store, slice_of(site->block->key), &created, &stored) != 0)
        stored = 0;
    if (stored != 0 && (live == 0 || stored < live))
        live = stored;
    return live == 0 ? INT64_MAX : live;
}

int history_expire_marks(struct registry *registry, const char *run_dir)
{
    int failed = 0;

    for (size_t i = 0; i < registry_limit(registry); i++) {
        const struct site *site = registry_at(registry, i);
        uint64_t key_id;
        int rv;

        if (site == NULL)
            continue;
        (void)history_import_key(site, &key_id);
        rv = marks_expire(run_dir, slice_of(site->block->key), key_id);
        if (rv != 0)
            failed = rv;
    }
    return failed;
}

static int say(struct importing *i, int code, const char *sentence)
{
    snprintf(i->result->sentence, sizeof i->result->sentence, "%s", sentence);
    return code;
}

/* --- May it be loaded? --- */

/* Lines from the first live view on are counted already, by the view. */
static int check_before_live(struct importing *i)
{
    const struct load_document *d = &i->document;
    int64_t live = history_first_live(i->site, i->store), last_slot, day;

    if (live == INT64_MAX)
        return 0;
    last_slot = (live - 1) * 1000 / SLOT_MS;
    day = zone_day(i->terms->zone, live - 1);
    for (size_t m = 0; m < d->marks.count; m++)
        if (d->marks.mark[m].last_slot > last_slot)
            day = INT64_MIN;
    if ((d->days > 0 && d->day[d->days - 1].number > day) ||
        (d->tops > 0 && d->top[d->tops - 1].day > day) ||
        (d->hours > 0 &&
         d->hour[d->hours - 1].number >
             period_at(&i->terms->calendar, PERIOD_HOUR, last_slot).number))
        return say(
            i, ERR_RANGE,
            "it has views of a time when the site was counted live already; import "
            "the file again, then those are skipped");
    return 0;
}

static int check_marks(struct importing *i)
{
    const struct load_document *d = &i->document;

    if (d->marks.count > 0 && d->key_id != i->key_id)
        return say(
            i, ERR_MALFORMED,
            "the key that visitors are told apart by has changed meanwhile; import "
            "the file again, it goes on where it was");
    for (size_t m = 0; m < d->marks.count; m++) {
        const struct mark *mark = &d->marks.mark[m];
        if (mark->last_slot - mark->first_slot >= 2 * 3600 * 1000 / SLOT_MS)
            return say(i, ERR_MALFORMED, "a mark is longer than an hour");
    }
    return 0;
}

/* All that is counted stays below 2^53, where JSON's numbers and the store's sums end. */
static int check_sums(struct importing *i)
{
    const struct import_source *s = &i->source;
    struct history_row all;
    int rv = i->store->ops->total(i->store, i->key, HISTORY_IMPORTED, INT64_MIN, &all);

    if (rv != 0)
        return say(i, rv, "the store cannot be read; try again");
    if (s->lines >= number_max || s->parsed >= number_max || s->malformed >= number_max ||
        s->skipped >= number_max || s->views >= number_max ||
        all.views + i->document.source.views >= number_max)
        return say(i, ERR_RANGE, "with it the site would have more than 2^53 views");
    return 0;
}

/* What the store has of the source, and what it will have. */
static int check_source(struct importing *i)
{
    const struct load_document *d = &i->document;
    const struct import_source *new = &d->source;
    struct import_source *s = &i->source;
    int rv = i->store->ops->source_get(i->store, i->key, new->first_line, s);

    if (rv != 0 && rv != ERR_NOT_FOUND)
        return say(i, rv, "the store cannot be read; try again");
    if (rv == ERR_NOT_FOUND)
        *s = (struct import_source){.first_line = new->first_line};
    i->result->source = *s;
    if (s->bytes >= new->bytes)
        return say(i, ERR_EXISTS, "imported already; nothing changed");
    if (s->bytes != d->from_byte)
        return say(i, ERR_RANGE,
                   "it does not begin where the last import of this file ended; import "
                   "the file again");
    if (new->views > 0 && (s->views == 0 || new->from_s < s->from_s))
        s->from_s = new->from_s;
    if (new->views > 0 && (s->views == 0 || new->to_s > s->to_s))
        s->to_s = new->to_s;
    s->bytes = new->bytes;
    s->lines += new->lines;
    s->parsed += new->parsed;
    s->malformed += new->malformed;
    s->views += new->views;
    s->skipped += new->skipped;
    memcpy(s->name, new->name, sizeof s->name);
    return check_sums(i);
}

/* --- What changes --- */

static const enum change_kind change_of[PERIOD_KINDS] = {
    [PERIOD_HOUR] = CHANGE_HOUR,
    [PERIOD_DAY] = CHANGE_DAY,
    [PERIOD_WEEK] = CHANGE_WEEK,
    [PERIOD_MONTH] = CHANGE_MONTH,
};

/* The marks held of the visitors that the piece has: only their numbers change. */
static int touched(const struct marks *held, const struct marks *piece,
                   struct marks *ret_touched, uint64_t *ret_known)
{
    struct marks some = {.mark = malloc((held->count + 1) * sizeof *some.mark)};
    uint64_t known = 0;
    size_t h = 0;

    if (some.mark == NULL)
        return ERR_NOMEM;
    for (size_t p = 0; p < piece->count; p++) {
        if (p > 0 && piece->mark[p].fp == piece->mark[p - 1].fp)
            continue;
        while (h < held->count && held->mark[h].fp < piece->mark[p].fp)
            h++;
        known += h < held->count && held->mark[h].fp == piece->mark[p].fp;
        while (h < held->count && held->mark[h].fp == piece->mark[p].fp)
            some.mark[some.count++] = held->mark[h++];
    }
    *ret_touched = some;
    *ret_known = known;
    return 0;
}

static uint64_t visitors_in(const struct marks *m)
{
    uint64_t n = 0;

    for (size_t i = 0; i < m->count; i++)
        n += i == 0 || m->mark[i].fp != m->mark[i - 1].fp;
    return n;
}

static int order(const struct marks_row *a, const struct marks_row *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

static void add_difference(struct importing *i, const struct marks_row *is,
                           const struct marks_row *was)
{
    const struct marks_row *row = is != NULL ? is : was;
    assert(row != NULL); /* one of them is there */
    struct change c = {.kind = change_of[row->kind], .number = row->number};

    c.visits = (is != NULL ? is->visits : 0) - (was != NULL ? was->visits : 0);
    c.visitors = (is != NULL ? is->visitors : 0) - (was != NULL ? was->visitors : 0);
    if (c.visits == 0 && c.visitors == 0)
        return;
    i->rows[i->row_count++] = c;
    if (c.kind == CHANGE_DAY)
        i->result->visits += c.visits;
}

static int collect_rows(struct importing *i, const struct marks_row *is, size_t is_count,
                        const struct marks_row *was, size_t was_count)
{
    const struct load_document *d = &i->document;
    size_t a = 0, b = 0;

    i->rows =
        calloc(d->days + d->hours + is_count + was_count + d->tops + 1, sizeof *i->rows);
    if (i->rows == NULL)
        return ERR_NOMEM;
    for (size_t n = 0; n < d->days; n++)
        i->rows[i->row_count++] = (struct change){
            .kind = CHANGE_DAY, .number = d->day[n].number, .views = d->day[n].views};
    for (size_t n = 0; n < d->hours; n++)
        i->rows[i->row_count++] = (struct change){
            .kind = CHANGE_HOUR, .number = d->hour[n].number, .views = d->hour[n].views};
    while (a < is_count || b < was_count) {
        int which = a == is_count ? 1 : b == was_count ? -1 : order(&is[a], &was[b]);
        add_difference(i, which <= 0 ? &is[a] : NULL, which >= 0 ? &was[b] : NULL);
        a += which <= 0;
        b += which >= 0;
    }
    return 0;
}

/* A change for the rows of a day and dimension, which stand together. */
static int collect_tops(struct importing *i)
{
    const struct load_document *d = &i->document;

    i->tops = calloc(d->tops + 1, sizeof *i->tops);
    if (i->tops == NULL)
        return ERR_NOMEM;
    for (size_t n = 0; n < d->tops; n++) {
        const struct load_top *top = &d->top[n];
        i->tops[n] = (struct top_row){.key = {d->keys + top->key_at, top->key_length},
                                      .views = top->views,
                                      .visitors = top->visitors,
                                      .lacks = top->lacks};
        if (n == 0 || top->day != top[-1].day || top->of != top[-1].of)
            i->rows[i->row_count++] =
                (struct change){.kind = CHANGE_TOPS,
                                .number = top->day,
                                .visits = top->of,
                                .blob = {(const char *)&i->tops[n], sizeof *i->tops}};
        else
            i->rows[i->row_count - 1].blob.length += sizeof *i->tops;
    }
    return 0;
}

static int count_marks(struct importing *i)
{
    const struct calendar *c = &i->terms->calendar;
    int64_t idle = i->terms->idle_slots;
    struct marks *piece = &i->document.marks, was = {NULL, 0}, is = {NULL, 0};
    struct marks_row *was_rows = NULL, *is_rows = NULL;
    size_t was_count = 0, is_count = 0;
    uint64_t known = 0;
    int rv;

    marks_settle(piece, c, idle);
    rv = touched(&i->held, piece, &was, &known);
    if (rv == 0)
        rv = marks_join(&is, &was, piece, c, idle);
    if (rv == 0)
        rv = marks_count(&was, c, idle, &was_rows, &was_count);
    if (rv == 0)
        rv = marks_count(&is, c, idle, &is_rows, &is_count);
    if (rv == 0)
        rv = collect_rows(i, is_rows, is_count, was_rows, was_count);
    if (rv == 0)
        rv = collect_tops(i);
    if (rv == 0)
        rv = marks_join(&i->joined, &i->held, piece, c, idle);
    i->result->visitors = visitors_in(piece) - known;
    free(was_rows);
    free(is_rows);
    marks_release(&was);
    marks_release(&is);
    return rv;
}

/* --- All of it --- */

static int keep(struct importing *i, uint32_t uid, struct instant now)
{
    int rv = marks_prepare(&i->joined, i->run_dir, i->key, i->key_id);

    if (rv != 0)
        return say(i, rv, "run_dir has no room for the visitors' marks; make it larger");
    rv = i->store->ops->import(i->store, i->key, &i->source, uid, instant_seconds(now),
                               i->rows, i->row_count);
    if (rv != 0)
        return say(i, rv, error_text(rv));
    i->result->source = i->source;
    i->result->days = i->document.days;
    rv = marks_commit(i->run_dir, i->key);
    if (rv != 0)
        log_warn("event=marks_lost site=%s error=\"%s\" "
                 "next=visitors_of_further_imports_are_added",
                 i->site->block->key, error_text(rv));
    rv = history_load(i->site, i->store, now);
    if (rv != 0)
        log_warn("event=history_failed site=%s error=\"%s\" "
                 "next=the_import_shows_after_a_restart",
                 i->site->block->key, error_text(rv));
    return 0;
}

static int import_parsed(struct importing *i, uint32_t uid, struct instant now)
{
    int rv = check_source(i);

    if (rv == 0)
        rv = check_marks(i);
    if (rv == 0)
        rv = check_before_live(i);
    if (rv == 0 && (rv = marks_load(&i->held, i->run_dir, i->key, i->key_id)) != 0)
        rv = say(i, rv, "the marks in run_dir cannot be read");
    if (rv == 0 && (rv = count_marks(i)) != 0)
        rv = say(i, rv, error_text(rv));
    return rv != 0 ? rv : keep(i, uid, now);
}

int history_import(struct registry *registry, struct store *store, const char *run_dir,
                   struct slice document, uint32_t uid, struct instant now,
                   struct load_result *ret_result)
{
    struct importing i = {.store = store, .run_dir = run_dir, .result = ret_result};
    int rv;

    *ret_result = (struct load_result){.days = 0};
    rv = load_document_parse(&i.document, document, ret_result->sentence);
    if (rv != 0)
        return rv;
    i.site = registry_by_key(registry, i.document.site);
    if (i.site == NULL) {
        rv = say(&i, ERR_NOT_FOUND, "no such site is configured");
    } else {
        i.terms = atomic_load_explicit(&i.site->terms, memory_order_acquire);
        i.key = slice_of(i.site->block->key);
        (void)history_import_key(i.site, &i.key_id);
        rv = import_parsed(&i, uid, now);
    }
    if (rv != 0)
        ret_result->visits = ret_result->visitors = 0;
    free(i.rows);
    free(i.tops);
    marks_release(&i.held);
    marks_release(&i.joined);
    load_document_release(&i.document);
    return rv;
}
