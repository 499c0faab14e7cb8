/* What an adoption lost of our own numbers, had again from what this very run saved: rows of
 * a store are absolute and only grow, and were written from here, so the truth is no less.
 * At start, before any worker; or, when the stores were away then, by the keeper as soon as
 * one has answered. No saver writes of such a site until then (count/damage.h).
 *
 * Of several stores one that answers is enough: it is to be saved to again, and may not wait
 * for one that never comes. The most that any of them has is taken, so those that answer are
 * all asked; what only a store has that did not is lost, and said. But a store that has
 * nothing at all of the site was perhaps lost itself: then the others have time to answer,
 * and so they have when the rows of a site cannot be read. Where none works there is none
 * to save to either, and the site waits on. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/store_where.h"
#include "store/history.h"

/* --- What the store has --- */

enum { ROWS_AT_ONCE = 256 };

struct reading {
    struct site *site;
    enum saved_kind kind;
    struct site_saved *saved; /* grows */
    size_t room;
};

static int grow(struct reading *r)
{
    size_t room = r->room + ROWS_AT_ONCE;
    struct site_saved *more =
        realloc(r->saved, sizeof *more + room * sizeof(struct saved_own));

    if (more == NULL)
        return ERR_NOMEM;
    if (r->saved == NULL)
        memset((void *)more, 0, sizeof *more);
    r->saved = more;
    r->room = room;
    return 0;
}

static int keep_row(void *context, const struct history_row *row)
{
    struct reading *r = context;
    int rv = r->saved->count < r->room ? 0 : grow(r);

    if (rv == 0)
        r->saved->row[r->saved->count++] =
            (struct saved_own){.kind = r->kind,
                               .number = row->number,
                               .metric = {[METRIC_VIEWS] = row->views,
                                          [METRIC_VISITS] = row->visits,
                                          [METRIC_VISITORS] = row->visitors}};
    return rv;
}

/* The last `count` of a kind, up to the one of `newest`. */
static int read_kind(struct reading *r, struct store *store, enum saved_kind kind,
                     int64_t newest, int64_t count)
{
    static const enum change_kind change[] = {[SAVED_DAY] = CHANGE_DAY,
                                              [SAVED_WEEK] = CHANGE_WEEK,
                                              [SAVED_MONTH] = CHANGE_MONTH,
                                              [SAVED_QUARTER] = CHANGE_QUARTER};

    r->kind = kind;
    return store->ops->history(store, slice_of(r->site->block->key), change[kind],
                               HISTORY_LIVE_OWN, newest - count + 1, newest + 1, keep_row,
                               r);
}

static int read_total(struct reading *r, struct store *store)
{
    struct history_row row;
    int rv = store->ops->total(store, slice_of(r->site->block->key), HISTORY_LIVE_OWN,
                               INT64_MIN, &row);

    if (rv != 0)
        return rv;
    if (row.views > r->saved->total.views)
        r->saved->total.views = row.views;
    if (row.visits > r->saved->total.visits)
        r->saved->total.visits = row.visits;
    return 0;
}

static int read_all(struct reading *r, struct store *store, struct instant now)
{
    const struct site_terms *terms =
        atomic_load_explicit(&r->site->terms, memory_order_acquire);
    /* Reading takes its time, and a reload frees the terms: they are asked first. */
    const int64_t slot = instant_slot(now),
                  day = zone_day(terms->zone, instant_seconds(now)),
                  week = period_at(&terms->calendar, PERIOD_WEEK, slot).number,
                  month = period_at(&terms->calendar, PERIOD_MONTH, slot).number;
    /* Where the clock jumped a day's row, or a quarter, is only a part of what was saved of
     * it (count/site_aside.h): what is lost of those is in total only. */
    const bool jumped = site_aside_changes(r->site) != 0;
    int rv = grow(r);

    if (rv == 0 && !jumped)
        rv = read_kind(r, store, SAVED_DAY, day, SITE_DAYS);
    if (rv == 0)
        rv = read_kind(r, store, SAVED_WEEK, week, SITE_WEEKS);
    if (rv == 0)
        rv = read_kind(r, store, SAVED_MONTH, month, SITE_MONTHS);
    if (rv == 0 && !jumped)
        rv = read_kind(r, store, SAVED_QUARTER, slot / QUARTER_SLOTS, QUARTERS);
    return rv != 0 ? rv : read_total(r, store);
}

/* What it has of this site, and not whether it answers at all. */
static bool is_of_one_site(int rv)
{
    return rv == ERR_CORRUPT || rv == ERR_MALFORMED || rv == ERR_RANGE;
}

/* --- Whom to ask --- */

struct asking {
    const struct history_stores *stores;
    unsigned away;   /* bit i: store i does not answer, in this call */
    unsigned unread; /* of the site at hand: it did not, or its rows cannot be read */
    int error;       /* the last one */
};

static bool read_one(struct asking *a, struct reading *r, unsigned i, struct instant now)
{
    int rv;

    if ((a->away >> i & 1) != 0)
        return false;
    rv = read_all(r, a->stores->store[i], now);
    if (rv == 0)
        return true;
    a->error = rv;
    if (!is_of_one_site(rv))
        a->away |= 1U << i;
    return false;
}

/* All that answer: of each as many rows as it gave, which are no more than the truth
 * either. The caller frees *ret_saved; NULL: there is no memory, or none was asked. */
static void read_stores(struct asking *a, struct site *site, struct instant now,
                        struct site_saved **ret_saved)
{
    struct reading r = {.site = site};

    a->unread = 0;
    for (unsigned i = 0; i < a->stores->count; i++)
        if (!read_one(a, &r, i, now))
            a->unread |= 1U << i;
    if (r.saved != NULL)
        r.saved->unread = a->unread;
    *ret_saved = r.saved;
}

static bool has_any(const struct site_saved *saved)
{
    return saved->count > 0 || saved->total.views + saved->total.visits != 0;
}

/* Is what was read all that the site is to wait for? */
static bool is_enough(const struct asking *a, const struct site_saved *saved,
                      bool is_time_over)
{
    const unsigned all = (1U << a->stores->count) - 1;

    if (a->unread == 0 || (a->unread != all && has_any(saved)))
        return true;
    return is_time_over && (a->away & all) != all;
}

/* --- Raising --- */

static void say_unread(const struct site *site, const char *where)
{
    char name[512];
    struct buffer b;

    buffer_init(&b, name, sizeof name - 1);
    store_where_write(&b, slice_of(where));
    name[buffer_error(&b) == 0 ? b.length : 0] = '\0';
    log_error("event=arena_unread site=%s store=%s "
              "next=what_only_this_store_has_of_it_is_not_counted_again",
              site->block->key, name);
}

static void say_raised(struct site *site, const struct site_saved *saved,
                       const struct history_stores *stores)
{
    log_warn("event=arena_mended site=%s numbers=%u next=they_are_what_was_saved_last",
             site->block->key, saved->raised);
    site->damage.unread = saved->unread;
    for (unsigned i = 0; i < stores->count; i++)
        if ((saved->unread >> i & 1) != 0)
            say_unread(site, stores->where[i]);
}

int history_raise_lost(struct registry *registry, const struct history_stores *stores,
                       struct instant now)
{
    struct asking a = {.stores = stores};
    int waits = 0;

    for (size_t i = 0; i < registry_limit(registry); i++) {
        struct site *site = registry_kept_at(registry, i);
        struct site_saved *saved;

        if (site == NULL || !site_awaits_saved(site))
            continue;
        read_stores(&a, site, now, &saved);
        if (saved != NULL && is_enough(&a, saved, false)) {
            site_raise(site, saved);
            say_raised(site, saved, stores);
        } else {
            waits = a.error != 0 ? a.error : ERR_NOMEM;
            log_error("event=arena_not_mended site=%s error=\"%s\" "
                      "next=what_was_lost_is_had_again_when_the_store_answers",
                      site->block->key, error_text(waits));
        }
        free(saved);
    }
    return waits;
}

int history_raise_late(struct registry *registry, const struct history_stores *stores,
                       struct instant now, bool is_time_over)
{
    struct asking a = {.stores = stores};

    for (size_t i = 0; i < registry_limit(registry); i++) {
        struct site *site = registry_kept_at(registry, i);
        struct site_saved *saved;

        if (site == NULL)
            continue;
        saved = site_raise_done(site);
        if (saved != NULL) {
            say_raised(site, saved, stores);
            free(saved);
        }
        if (!site_awaits_saved(site) || site_raise_waits(site))
            continue;
        read_stores(&a, site, now, &saved);
        if (saved != NULL && is_enough(&a, saved, is_time_over))
            site_raise_soon(site, saved);
        else
            free(saved);
    }
    return a.error;
}
