/* The keeper's part of a site. One tick is the list of steps in site_keep(); each may be
 * late, be run twice, or be killed inside, and is a function of what the arena says, so
 * nothing needs to be remembered but which grace is waited for. */
#include "count/hits_pages.h"
#include "count/site_aside.h"
#include "count/site_inner.h"
#include "count/site_layout.h"
#include "count/site_quarters.h"
#include "count/site_seal.h"

enum {
    FAR_QUARTERS = 192, /* 2 days */
    /* Ticks after somebody came, and after a slot began, in which what takes graces ends. */
    STIRRED_TICKS = 20,
    SLOT_TICKS = 5,
    QUIET_EVERY = 10 /* ticks */
};

static const uint64_t FILLED = UINT64_MAX; /* of fill_ticket: may become SKETCHED */

/* --- Graces --- */

void graces_tick_begin(struct graces *g, struct turns *turns)
{
    if (g->over < g->begun && grace_is_over(&g->grace, turns))
        g->over = g->begun;
}

void graces_tick_end(struct graces *g, struct turns *turns, unsigned workers)
{
    if (g->over < g->begun)
        return; /* still waiting for the one before: a worker is stuck in a turn */
    g->begun++;
    grace_begin(&g->grace, turns, workers);
}

/* --- Hits --- */

/* Closing more than 36 days at once would fold days before their rows are written. So
 * when the time has jumped, the days that hold something are closed, and folded, first,
 * in steps; asked again after each. */
int64_t site_closable(const struct site *s, int64_t now_slot)
{
    const struct hits *h = &s->block->hits;
    int64_t rolled = atomic_load_explicit(&h->rolled_q, memory_order_relaxed);
    int64_t closable = hits_closable(h, now_slot);
    struct hit_count open;
    int64_t from_slot;
    uint64_t i;

    if (closable <= rolled + FAR_QUARTERS)
        return closable;
    i = atomic_load_explicit(&h->base_i, memory_order_relaxed);
    from_slot = QUARTER_SLOTS *
                atomic_load_explicit(&h->base[i & 1].through_q, memory_order_relaxed);
    /* From its day's beginning: after a set-back the stored days reach into a day. */
    from_slot = period_at(&site_terms_of(s)->calendar, PERIOD_DAY, from_slot).from_slot;
    open = hits_sum(h, from_slot / QUARTER_SLOTS, closable, false);
    return open.views + open.visits > 0 ? rolled + FAR_QUARTERS : closable;
}

static int keep_hits(struct site *s, struct arena *a, const struct graces *g,
                     int64_t now_slot)
{
    struct hits *h = &s->block->hits;
    int64_t closable;
    int rv = hits_pages_suffice(h, now_slot) ? 0 : site_quarters_back(s, a);

    if (rv != 0)
        return rv;
    if (hits_folds_alone(h))
        site_seal_open(s);
    hits_assign(h, now_slot);
    if (s->close_ticket != 0) {
        if (!graces_is_over(g, s->close_ticket))
            return 0;
        site_seal_open(s);
        hits_close_finish(h);
        s->close_ticket = 0;
    }
    closable = site_closable(s, now_slot);
    if (closable > atomic_load_explicit(&h->rolled_q, memory_order_relaxed)) {
        hits_close_begin(h, closable);
        s->close_ticket = graces_ticket(g);
    }
    return 0;
}

/* --- Visitors --- */

static int back_parts(struct site *s, struct arena *a, unsigned i)
{
    const struct visitors_table *t = &s->table[i];
    unsigned part;

    while (visitors_wants_part(t, &part)) {
        size_t from = visitors_part_start(part), until = visitors_part_start(part + 1);
        int rv = arena_back(a, site_place(s, site_table_at(i) + from * sizeof(uint64_t)),
                            (until - from) * sizeof(uint64_t));
        if (rv != 0)
            return rv;
        visitors_part_ready(t, part);
    }
    return 0;
}

static int back_sketches(struct arena *a, const struct visitors_table *t)
{
    int rv = arena_back(a, t->matrix, sizeof *t->matrix);

    for (unsigned i = 0; i < 2 && rv == 0; i++)
        rv = arena_back(a, t->day[i], sizeof *t->day[i]);
    return rv != 0 ? rv : arena_back(a, t->month, sizeof *t->month);
}

/* EXACT -> FILLING, a grace, the words are replayed, -> SKETCHED when the table is
 * full. */
static int fill(struct site *s, struct arena *a, const struct graces *g, unsigned i,
                int64_t now_slot)
{
    const struct visitors_table *t = &s->table[i];
    uint32_t mode = atomic_load_explicit(&t->head->mode, memory_order_relaxed);
    struct visit_periods now = site_periods(site_terms_of(s), now_slot);
    int rv;

    if (mode == VISITORS_EXACT || s->fill_ticket[i] == 0) {
        rv = back_sketches(a, t); /* no ticket: who was filling before us was killed */
        if (rv != 0)
            return rv;
        visitors_fill_begin(t, &now);
        s->fill_ticket[i] = graces_ticket(g);
    } else if (s->fill_ticket[i] != FILLED && graces_is_over(g, s->fill_ticket[i])) {
        visitors_fill_finish(t, now_slot, &now);
        s->fill_ticket[i] = FILLED;
    } else if (s->fill_ticket[i] == FILLED && visitors_wants_sketched(t)) {
        visitors_sketched(t);
    }
    return 0;
}

static int keep_tables(struct site *s, struct arena *a, const struct graces *g,
                       int64_t now_slot)
{
    int rv = 0;

    for (unsigned i = 0; i < SITE_KEYS && rv == 0; i++) {
        const struct visitors_table *t = &s->table[i];

        if (!site_key_is_linked(s, i))
            continue;
        rv = back_parts(s, a, i);
        if (rv == 0 && (visitors_wants_filling(t) ||
                        atomic_load_explicit(&t->head->mode, memory_order_relaxed) ==
                            VISITORS_FILLING))
            rv = fill(s, a, g, i, now_slot);
    }
    return rv;
}

/* --- The scan --- */

static bool is_scanned(const struct site *s, int64_t *ret_slot)
{
    *ret_slot = atomic_load_explicit(&s->scan.slot, memory_order_relaxed);
    return atomic_load_explicit(&s->scan.version, memory_order_relaxed) != 0;
}

/* The last look at the rows of a day that has ended, before its key may go. After a jump
 * rows are taken from days that are still wanted. */
static int keep_rows_of_last_scan(struct site *s, struct arena *a, int64_t now_slot)
{
    const struct calendar *c = &site_terms_of(s)->calendar;
    int64_t slot, day, today;

    if (!is_scanned(s, &slot) || slot == now_slot)
        return 0;
    day = zone_day(c->zone, slot * SLOT_S);
    today = zone_day(c->zone, now_slot * SLOT_S);
    if (day != today)
        site_keep_rows(s, slot);
    if (day == today || day == today - 1)
        return 0;
    atomic_fetch_add_explicit(&s->jumps, 1, memory_order_release);
    return site_aside_make_room(s, a);
}

/* Once a slot: windows only change when time moves or somebody comes, and who comes
 * online is in `joins`. */
static void keep_scan(struct site *s, int64_t now_slot)
{
    const struct site_terms *terms = site_terms_of(s);
    struct site_scanned scan;
    struct visit_periods now;
    int64_t slot;

    if (is_scanned(s, &slot) && slot == now_slot && !s->keys_changed &&
        s->scanned_terms == terms->version)
        return;
    s->keys_changed = false;
    s->scanned_terms = terms->version;
    now = site_periods(terms, now_slot);
    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (site_key_is_linked(s, i))
            visitors_tick(&s->table[i], now_slot, &now);
    site_keep_rows(s, now_slot);
    scan = site_scan_now(s, now_slot);
    site_publish_scan(s, &scan);
}

/* A store answered late. */
static void keep_saved(struct site *s)
{
    struct site_saved *saved = atomic_load_explicit(&s->saved, memory_order_acquire);

    if (saved == NULL || atomic_load_explicit(&saved->done, memory_order_relaxed))
        return;
    site_raise(s, saved);
    atomic_store_explicit(&saved->done, true, memory_order_release);
}

/* What is overrun came then, whatever the clock has become since: a worker says when it
 * counts before it does. Relaxed: an older view's slot is nearly always of the same day. */
static int64_t last_view_slot(const struct site *s, int64_t now_slot)
{
    int64_t view_s = atomic_load_explicit(&s->block->last_view_s, memory_order_relaxed);

    return view_s > 0 ? view_s / SLOT_S : now_slot;
}

static bool has_been_stirred(struct site *s)
{
    const struct site_saved *saved =
        atomic_load_explicit(&s->saved, memory_order_acquire);
    uint64_t terms = site_terms_of(s)->version;
    bool is_other = terms != s->quiet_terms || s->setting_back;

    s->quiet_terms = terms;
    if (saved != NULL && !atomic_load_explicit(&saved->done, memory_order_relaxed))
        return true;
    return (atomic_load_explicit(&s->stirred, memory_order_relaxed) &&
            atomic_exchange_explicit(&s->stirred, false, memory_order_relaxed)) ||
           is_other;
}

bool site_is_due(struct site *s, struct instant now, uint64_t tick)
{
    int64_t slot = instant_slot(now);

    if (has_been_stirred(s))
        s->quiet = 0;
    else if (slot != s->quiet_slot && s->quiet > STIRRED_TICKS - SLOT_TICKS)
        s->quiet = STIRRED_TICKS - SLOT_TICKS;
    s->quiet_slot = slot;
    if (s->quiet >= STIRRED_TICKS)
        return (s->index + tick) % QUIET_EVERY == 0;
    s->quiet++;
    return true;
}

int site_keep(struct site *s, struct arena *a, const struct graces *g, struct instant now)
{
    int64_t now_slot = instant_slot(now);
    int rv, failed = keep_rows_of_last_scan(s, a, now_slot);

    keep_saved(s);
    rv = keep_hits(s, a, g, now_slot);
    failed = failed != 0 ? failed : rv;
    site_fold_days(s);
    rv = site_aside_book(s, a, last_view_slot(s, now_slot));
    failed = failed != 0 ? failed : rv;
    rv = site_keep_keys(s, a, g, now_slot);
    failed = failed != 0 ? failed : rv;
    rv = keep_tables(s, a, g, now_slot);
    if (rv == 0)
        rv = site_tops_keep(s, a, g, now_slot);
    site_engaged_adopt(s, zone_day(site_terms_of(s)->zone, instant_seconds(now)));
    if (rv == 0)
        rv = site_refused_keep(s, a, instant_seconds(now));
    keep_scan(s, now_slot);
    if (!s->setting_back)
        site_seal_close(s);
    failed = failed != 0 ? failed : rv;
    if (failed != 0)
        s->quiet = 0;
    return failed;
}
