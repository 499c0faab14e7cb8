/* What an adoption lost of our own numbers, had again from what this very run saved: rows of
 * a store are absolute and only grow, and were written from here, so the truth is no less.
 * At start, before any worker; or, when the store was away then, by the keeper as soon as it
 * has answered. No saver writes of such a site until then (count/damage.h). */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
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

    if (rv == 0)
        r->saved->total = (struct hit_count){.views = row.views, .visits = row.visits};
    return rv;
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

/* The caller frees it. */
static int read_saved(struct site *site, struct store *store, struct instant now,
                      struct site_saved **ret_saved)
{
    struct reading r = {.site = site};
    int rv = read_all(&r, store, now);

    if (rv == 0)
        *ret_saved = r.saved;
    else
        free(r.saved);
    return rv;
}

/* --- Raising --- */

static void say_raised(const struct site *site, const struct site_saved *saved)
{
    log_warn("event=arena_mended site=%s numbers=%u next=they_are_what_was_saved_last",
             site->block->key, saved->raised);
}

/* What it has of this site, and not whether it answers at all. */
static bool is_of_one_site(int rv)
{
    return rv == ERR_CORRUPT || rv == ERR_MALFORMED || rv == ERR_RANGE;
}

int history_raise_lost(struct registry *registry, struct store *store, struct instant now)
{
    int failed = 0;

    for (size_t i = 0; i < registry_limit(registry); i++) {
        struct site *site = registry_kept_at(registry, i);
        struct site_saved *saved;
        int rv;

        if (site == NULL || !site_awaits_saved(site))
            continue;
        rv = read_saved(site, store, now, &saved);
        if (rv != 0) {
            log_error("event=arena_not_mended site=%s error=\"%s\" "
                      "next=what_was_lost_is_had_again_when_the_store_answers",
                      site->block->key, error_text(rv));
            failed = rv;
            if (is_of_one_site(rv))
                continue;
            break; /* nor will the others be answered */
        }
        site_raise(site, saved);
        say_raised(site, saved);
        free(saved);
    }
    return failed;
}

int history_raise_late(struct registry *registry, struct store *store, struct instant now)
{
    int failed = 0;

    for (size_t i = 0; i < registry_limit(registry); i++) {
        struct site *site = registry_kept_at(registry, i);
        struct site_saved *saved;
        int rv;

        if (site == NULL)
            continue;
        saved = site_raise_done(site);
        if (saved != NULL) {
            say_raised(site, saved);
            free(saved);
        }
        if (!site_awaits_saved(site) || site_raise_waits(site))
            continue;
        rv = read_saved(site, store, now, &saved);
        if (rv == 0)
            site_raise_soon(site, saved);
        else if (is_of_one_site(rv))
            failed = rv;
        else
            return rv; /* the others fail as well; the next call tries again */
    }
    return failed;
}
