/* The keeper's part of a site. One tick is the list of steps in site_keep(); each may be
 * late, be run twice, or be killed inside, and is a function of what the arena says, so
 * nothing needs to be remembered but which grace is waited for.
 *
 * Keys. A key belongs to the period it began with (a month, or a day); its table lies
 * beside it. KEY_ROOM slots before the next period begins, the next key and table are
 * made and linked; hits before the period simply do not fall into it. The old key goes on
 * for the overlap, so that windows and weeks that began under it are answered by it;
 * then: unlink, grace, erase, punch. */
#include <string.h>

#include "count/site_layout.h"

enum {
    KEY_ROOM = 3,                 /* slots ahead that the next key is made        */
    OVERLAP_MONTH = 7 * 24 * 300, /* slots that a monthly key goes on: 7 days     */
    KEPT_ROWS = 2                 /* closed periods whose rows are written again  */
};

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

static const uint64_t FILLED = UINT64_MAX; /* of fill_ticket: may become SKETCHED */

/* The grace that begins after this moment. */
static uint64_t ticket(const struct graces *g)
{
    return g->begun + 1;
}

static bool is_over(const struct graces *g, uint64_t t)
{
    return g->over >= t;
}

/* --- Hits --- */

static void keep_hits(struct site *s, struct graces *g, int64_t now_slot)
{
    struct hits *h = &s->block->hits;
    int64_t closable;

    hits_assign(h, now_slot);
    if (s->close_ticket != 0) {
        if (!is_over(g, s->close_ticket))
            return;
        hits_close_finish(h);
        s->close_ticket = 0;
    }
    closable = hits_closable(h, now_slot);
    if (closable > atomic_load_explicit(&h->rolled_q, memory_order_relaxed)) {
        hits_close_begin(h, closable);
        s->close_ticket = ticket(g);
    }
}

/* Writes the final row of each local day whose quarters are all closed, then moves the
 * day to the stored days. */
static void fold_days(struct site *s, const struct calendar *c)
{
    struct hits *h = &s->block->hits;
    int64_t rolled = atomic_load_explicit(&h->rolled_q, memory_order_relaxed);
    int64_t through = atomic_load_explicit(
        &h->base[atomic_load(&h->base_i) & 1].through_q, memory_order_relaxed);

    for (;;) {
        struct period day = period_at(c, PERIOD_DAY, through * QUARTER_SLOTS);
        int64_t until_q = day.until_slot / QUARTER_SLOTS;
        struct site_day *row = &s->block->day[day.number % SITE_DAYS];
        struct hit_count sum;
        uint64_t visitors;
        bool exact;

        if (until_q > rolled || until_q <= through)
            return;
        sum = hits_sum(h, day.from_slot / QUARTER_SLOTS, until_q, true);
        visitors = site_own_visitors(s, PERIOD_DAY, &day, &exact);
        atomic_store_explicit(&row->own_tag, 0, memory_order_seq_cst);
        atomic_store_explicit(&row->own.views, sum.views, memory_order_relaxed);
        atomic_store_explicit(&row->own.visits, sum.visits, memory_order_relaxed);
        atomic_store_explicit(&row->own.visitors, visitors, memory_order_relaxed);
        atomic_store_explicit(&row->own_exact, exact, memory_order_relaxed);
        atomic_store_explicit(&row->own_tag, day.number + 1, memory_order_release);
        hits_fold(h, until_q);
        through = until_q;
    }
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

static struct visit_periods periods_now(const struct site_terms *terms, int64_t slot)
{
    struct visit_periods now;

    visit_periods_at(&terms->calendar, slot, terms->online_slots, terms->idle_slots,
                     &now);
    return now;
}

static int keep_table(struct site *s, struct arena *a, struct graces *g, unsigned i,
                      const struct site_terms *terms, int64_t now_slot)
{
    const struct visitors_table *t = &s->table[i];
    struct visit_periods now;
    uint32_t mode = atomic_load_explicit(&t->head->mode, memory_order_relaxed);
    int rv = back_parts(s, a, i);

    if (rv != 0 || (mode == VISITORS_EXACT && !visitors_wants_filling(t)))
        return rv;
    now = periods_now(terms, now_slot);
    if (mode == VISITORS_EXACT || (mode == VISITORS_FILLING && s->fill_ticket[i] == 0)) {
        rv = back_sketches(
            a, t); /* FILLING without a ticket: the one before us was killed */
        if (rv != 0)
            return rv;
        visitors_fill_begin(t, &now);
        s->fill_ticket[i] = ticket(g);
    } else if (mode == VISITORS_FILLING && s->fill_ticket[i] != FILLED) {
        if (!is_over(g, s->fill_ticket[i]))
            return 0;
        visitors_fill_finish(t, now_slot, &now);
        s->fill_ticket[i] = FILLED;
    } else if (mode == VISITORS_FILLING && visitors_wants_sketched(t)) {
        visitors_sketched(t);
    }
    return 0;
}

/* --- Keys --- */

static enum period_kind key_period(const struct site_terms *terms)
{
    return terms->config.identity == IDENTITY_DAY ? PERIOD_DAY : PERIOD_MONTH;
}

static int make_key(struct site *s, struct arena *a, unsigned i, int64_t from_slot)
{
    struct site_key *k = &s->block->keys[i];
    const struct visitors_table *t = &s->table[i];
    void *first = site_place(s, site_table_at(i));
    int rv = arena_back(a, first, VISITORS_IN_BLOCK * sizeof(uint64_t));

    if (rv != 0)
        return rv;
    memset(first, 0, VISITORS_IN_BLOCK * sizeof(uint64_t));
    hash_key_random(&k->key);
    atomic_store_explicit(&k->from_slot, from_slot, memory_order_relaxed);
    atomic_store_explicit(&k->state, KEY_LINKED, memory_order_relaxed);
    s->fill_ticket[i] = 0;
    visitors_init(t, from_slot - 1);
    atomic_store_explicit(&t->head->linked, 1, memory_order_seq_cst);
    hash_key_random(
        &s->block->import_key); /* what imports marked lives no longer either */
    return 0;
}

static void retire_key(struct site *s, struct graces *g, unsigned i)
{
    atomic_store_explicit(&s->block->keys[i].state, KEY_RETIRING, memory_order_relaxed);
    atomic_store_explicit(&s->table[i].head->linked, 0, memory_order_seq_cst);
    s->retire_ticket[i] = ticket(g);
}

static void erase_key(struct site *s, struct arena *a, unsigned i)
{
    struct visitors_table *t = &s->table[i];
    size_t hlls = site_month_hll_at(i) + sizeof(struct hll) - site_day_hll_at(i, 0);

    hash_key_erase(&s->block->keys[i].key);
    arena_punch(a, site_place(s, site_table_at(i)), TABLE_BYTES);
    arena_punch(a, t->matrix, MATRIX_ROOM);
    arena_punch(a, t->day[0], hlls);
    memset(t->head, 0, sizeof *t->head);
    s->retire_ticket[i] = 0;
    atomic_store_explicit(&s->block->keys[i].state, KEY_FREE, memory_order_release);
}

static int64_t key_from(const struct site *s, unsigned i)
{
    return atomic_load_explicit(&s->block->keys[i].from_slot, memory_order_relaxed);
}

static uint32_t key_state(const struct site *s, unsigned i)
{
    return atomic_load_explicit(&s->block->keys[i].state, memory_order_relaxed);
}

/* How long a key is still wanted: until this slot. */
static int64_t wanted_until(const struct site *s, unsigned i,
                            const struct site_terms *terms)
{
    struct period p = period_at(&terms->calendar, key_period(terms), key_from(s, i));

    if (key_period(terms) == PERIOD_MONTH)
        return p.until_slot + OVERLAP_MONTH;
    p = period_at(&terms->calendar, PERIOD_DAY, p.until_slot);
    return p.until_slot -
           2 * KEY_ROOM; /* its room is needed for the key of the day after */
}

static int keep_keys(struct site *s, struct arena *a, struct graces *g,
                     const struct site_terms *terms, int64_t now_slot)
{
    struct period now = period_at(&terms->calendar, key_period(terms), now_slot);
    int64_t want = now_slot >= now.until_slot - KEY_ROOM ? now.until_slot : now.from_slot;
    int spare = -1, newest = -1;

    for (unsigned i = 0; i < SITE_KEYS; i++) {
        uint32_t state = key_state(s, i);
        if (state == KEY_RETIRING) {
            if (s->retire_ticket[i] == 0)
                s->retire_ticket[i] =
                    ticket(g); /* adopted: nobody holds it, but wait all the same */
            else if (is_over(g, s->retire_ticket[i]))
                erase_key(s, a, i);
        } else if (state == KEY_LINKED && now_slot >= wanted_until(s, i, terms)) {
            retire_key(s, g, i);
        } else if (state == KEY_LINKED &&
                   (newest < 0 || key_from(s, i) > key_from(s, (unsigned)newest))) {
            newest = (int)i;
        }
        if (key_state(s, i) == KEY_FREE)
            spare = (int)i;
    }
    if (newest >= 0 && key_from(s, (unsigned)newest) >= want)
        return 0;
    if (spare >= 0)
        return make_key(s, a, (unsigned)spare, want);
    for (unsigned i = 0; i < SITE_KEYS;
         i++) /* both in use: the older one must go first */
        if ((int)i != newest && key_state(s, i) == KEY_LINKED)
            retire_key(s, g, i);
    return 0;
}

/* --- Closed periods, and the scan --- */

static void keep_row(struct site *s, struct site_row *row, enum period_kind kind,
                     const struct period *p)
{
    bool exact;
    uint64_t visitors = site_own_visitors(s, kind, p, &exact);

    if (atomic_load_explicit(&row->own_tag, memory_order_relaxed) != p->number + 1) {
        atomic_store_explicit(&row->own_tag, 0, memory_order_seq_cst);
        atomic_store_explicit(&row->own_visitors, 0, memory_order_relaxed);
        atomic_store_explicit(&row->own_exact, 1, memory_order_relaxed);
    }
    if (visitors > atomic_load_explicit(&row->own_visitors, memory_order_relaxed))
        atomic_store_explicit(&row->own_visitors, visitors, memory_order_relaxed);
    if (!exact)
        atomic_store_explicit(&row->own_exact, 0, memory_order_relaxed);
    atomic_store_explicit(&row->own_tag, p->number + 1, memory_order_release);
}

/* Weeks and months stay readable when their table is gone. */
static void keep_rows(struct site *s, const struct calendar *c, int64_t now_slot)
{
    struct period week = period_at(c, PERIOD_WEEK, now_slot);
    struct period month = period_at(c, PERIOD_MONTH, now_slot);

    for (int i = 0; i < KEPT_ROWS; i++) {
        keep_row(s, &s->block->week[week.number % SITE_WEEKS], PERIOD_WEEK, &week);
        keep_row(s, &s->block->month[month.number % SITE_MONTHS], PERIOD_MONTH, &month);
        week = period_at(c, PERIOD_WEEK, week.from_slot - 1);
        month = period_at(c, PERIOD_MONTH, month.from_slot - 1);
    }
}

static void publish_scan(struct site *s, const struct site_scanned *scan)
{
    struct site_scan *p = &s->scan;
    uint64_t version = atomic_load_explicit(&p->version, memory_order_relaxed);

    atomic_store_explicit(&p->version, version + 1, memory_order_seq_cst);
    atomic_store_explicit(&p->slot, scan->slot, memory_order_release);
    atomic_store_explicit(&p->online, scan->online, memory_order_release);
    atomic_store_explicit(&p->joins, scan->joins, memory_order_release);
    atomic_store_explicit(&p->hour, scan->hour, memory_order_release);
    atomic_store_explicit(&p->day, scan->day, memory_order_release);
    atomic_store_explicit(&p->week, scan->week, memory_order_release);
    atomic_store_explicit(&p->table, scan->table, memory_order_release);
    atomic_store_explicit(&p->exact, scan->exact, memory_order_release);
    atomic_store_explicit(&p->version, version + 2, memory_order_release);
}

/* Once a slot: windows only change when time moves or somebody comes, and who comes
 * online is in `joins`. */
static void keep_scan(struct site *s, const struct site_terms *terms, int64_t now_slot)
{
    struct visit_periods now;
    struct site_scanned scan;

    if (atomic_load_explicit(&s->scan.slot, memory_order_relaxed) == now_slot &&
        atomic_load_explicit(&s->scan.version, memory_order_relaxed) != 0)
        return;
    now = periods_now(terms, now_slot);
    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (key_state(s, i) == KEY_LINKED)
            visitors_tick(&s->table[i], now_slot, &now);
    keep_rows(s, &terms->calendar, now_slot);
    scan = site_scan_now(s, terms, now_slot);
    publish_scan(s, &scan);
}

int site_keep(struct site *s, struct arena *a, struct graces *g, struct instant now)
{
    const struct site_terms *terms =
        atomic_load_explicit(&s->terms, memory_order_acquire);
    int64_t now_slot = instant_slot(now);
    int rv = 0;

    keep_hits(s, g, now_slot);
    fold_days(s, &terms->calendar);
    rv = keep_keys(s, a, g, terms, now_slot);
    for (unsigned i = 0; i < SITE_KEYS && rv == 0; i++)
        if (key_state(s, i) == KEY_LINKED)
            rv = keep_table(s, a, g, i, terms, now_slot);
    keep_scan(s, terms, now_slot);
    if (rv != 0 && s->back_failed)
        return 0; /* said already */
    s->back_failed = rv != 0;
    return rv;
}

/* --- Adoption --- */

static void periods_at(void *context, int64_t slot, struct visit_periods *ret)
{
    *ret = periods_now(context, slot);
}

void site_adopt(struct site *s, struct arena *a, struct instant now)
{
    struct site_terms *terms = atomic_load_explicit(&s->terms, memory_order_acquire);
    int64_t now_slot = instant_slot(now);

    for (unsigned i = 0; i < SITE_KEYS; i++) {
        uint32_t state = key_state(s, i);
        if (state == KEY_LINKED && now_slot < wanted_until(s, i, terms) &&
            atomic_load_explicit(&s->table[i].head->linked, memory_order_relaxed))
            visitors_adopt(&s->table[i], periods_at, terms);
        else if (state != KEY_FREE)
            erase_key(s, a,
                      i); /* half made, retiring or over: no worker runs, so no grace */
    }
    hits_adopt(&s->block->hits, now_slot);
    /* Killed while a seed was written: the reader writes it again from the store before
     * anyone is answered. */
    if (atomic_load_explicit(&s->block->seed_version, memory_order_relaxed) & 1)
        atomic_fetch_add_explicit(&s->block->seed_version, 1, memory_order_relaxed);
}
