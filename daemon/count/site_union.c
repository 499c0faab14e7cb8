/* Reading what other runs say, beside our own counts: see site_peers.h. Unions are read
 * from both sides at the moment of asking: ours first, then of their words those that we
 * have not seen in the window. A visitor who comes over meanwhile is then counted once or
 * not yet, never twice; and what was answered of an open period is never taken back. */
#include <math.h>

#include "count/site_aside.h"
#include "count/site_inner.h"
#include "count/site_peers.h"

#define HLL_ERROR (1.04 / 128) /* of count/hll: 1.04 / sqrt(16384) */

/* --- Looking --- */

static const struct site_peers *hold(const struct site *s)
{
    struct site *w = (struct site *)(uintptr_t)s; /* counting in and out is no change */

    if (atomic_load_explicit(&w->peers, memory_order_relaxed) == NULL)
        return NULL;
    atomic_fetch_add_explicit(&w->peer_readers, 1, memory_order_seq_cst);
    return atomic_load_explicit(&w->peers, memory_order_seq_cst);
}

static void let_go(const struct site *s, const struct site_peers *p)
{
    struct site *w = (struct site *)(uintptr_t)s;

    (void)p;
    atomic_fetch_sub_explicit(&w->peer_readers, 1, memory_order_release);
}

static int64_t silent_slots(const struct peer *peer, int64_t now_slot)
{
    int64_t heard = atomic_load_explicit(peer->heard_slot, memory_order_relaxed);

    return now_slot - heard <= PEER_SILENT_SLOTS ? 0 : now_slot - heard;
}

/* --- Views and visits of sliding windows --- */

static const int64_t span_slots[SHEET_SPANS] = {HOUR_SLOTS, DAY_SLOTS, WEEK_SLOTS};

/* Of a run that is silent, what certainly is in the window still. */
static struct hit_count hits_left(const struct peer *peer, unsigned span,
                                  int64_t now_slot)
{
    int64_t silent = silent_slots(peer, now_slot);
    int64_t part = span_slots[span] / SHEET_STEPS;
    int64_t step = (silent + part - 1) / part;

    if (step >= SHEET_STEPS)
        return (struct hit_count){.views = 0};
    return peer->sheet.hits[span][step];
}

/* Nobody in `p` counts now or did since our arena began: what they counted was restored
 * from the store, quarter by quarter, which is better than what their sheets say. */
static bool all_are_restored(const struct site *s, const struct site_peers *p,
                             int64_t now_slot)
{
    int64_t first_slot =
        QUARTER_SLOTS *
        (atomic_load_explicit(&s->block->hits.first_q, memory_order_relaxed) + 1);

    for (unsigned i = 0; i < p->count; i++)
        if (silent_slots(&p->peer[i], now_slot) == 0 ||
            atomic_load_explicit(p->peer[i].heard_slot, memory_order_relaxed) >=
                first_slot)
            return false;
    return true;
}

static struct hit_count own_window(const struct site *s, int64_t now_slot, int64_t slots)
{
    const struct hits *h = &s->block->hits;
    int64_t ours =
        now_slot + 1 -
        QUARTER_SLOTS * atomic_load_explicit(&h->first_q, memory_order_acquire);

    if (ours <= 0)
        return (struct hit_count){.views = 0};
    return hits_window(h, now_slot, slots < ours ? slots : ours);
}

struct hit_count site_own_window(const struct site *s, int64_t now_slot, int64_t slots)
{
    struct hit_count aside = site_aside_window(s, now_slot, slots), hits;
    const struct site_peers *p = hold(s);
    bool restored = p == NULL || all_are_restored(s, p, now_slot);

    if (p != NULL)
        let_go(s, p);
    hits = restored ? hits_window(&s->block->hits, now_slot, slots)
                    : own_window(s, now_slot, slots);
    hits.views += aside.views;
    hits.visits += aside.visits;
    return hits;
}

/* --- Visitors --- */

static const struct sheet_key *key_with(const struct sheet *sheet, uint64_t id,
                                        int64_t from_slot, unsigned *ret_key)
{
    for (unsigned k = 0; k < sheet->keys; k++)
        if (sheet->key[k].id == id && sheet->key[k].since_slot <= from_slot) {
            *ret_key = k;
            return &sheet->key[k];
        }
    return NULL;
}

/* Of one peer's visitors, who is not ours and not an earlier peer's. */
static uint64_t new_to_us(const struct visitors_table *t, const struct peer *peer,
                          unsigned k, int64_t from_slot)
{
    const struct sheet_key *key = &peer->sheet.key[k];
    uint64_t n = 0;

    for (size_t w = 0; w < key->count; w++) {
        int64_t seen;

        if (sheet_slot(key, key->word[w]) < from_slot ||
            (peer->earlier[k][w] != 0 &&
             key->base + (int64_t)peer->earlier[k][w] >= from_slot))
            continue;
        n += !visitors_last_seen(t, sheet_fp(key->word[w]), &seen) || seen < from_slot;
    }
    return n;
}

struct asking {
    const struct site *site;
    const struct site_peers *peers;
    enum sheet_window window;
    int64_t now_slot, from_slot;
    int64_t number; /* of a calendar period; -1: a sliding window             */
    int key;        /* the table that answers; -1: no single one can be asked */
};

static void add_error(struct site_numbers *n, double error)
{
    n->exact = false;
    n->error = sqrt(n->error * n->error + error * error);
}

/* A run whose visitors cannot be told from ours. */
static void add_sum(const struct asking *a, const struct peer *peer,
                    struct site_numbers *n)
{
    const struct sheet *sheet = &peer->sheet;
    uint64_t visitors = sheet->visitors[a->window];

    if (a->number >= 0 ? sheet->number[a->window - WINDOW_TODAY] != a->number
                       : silent_slots(peer, a->now_slot) > 0)
        return;
    n->deduplicated =
        n->deduplicated && (visitors == 0 || n->metric[METRIC_VISITORS] == 0);
    n->metric[METRIC_VISITORS] += visitors;
    n->exact = n->exact && sheet->exact[a->window];
}

static void add_visitors(const struct asking *a, struct site_numbers *n)
{
    const struct site_peers *p = a->peers;
    const struct peers_about *about = &p->about[a->window];
    uint64_t id = a->key < 0 ? 0 : site_key_id(a->site, a->key);
    bool as_sketches = a->key >= 0 && about->has && about->key_id == id;

    if (as_sketches) {
        n->metric[METRIC_VISITORS] += about->extra;
        add_error(n, HLL_ERROR);
    }
    for (unsigned i = 0; i < p->count; i++) {
        const struct peer *peer = &p->peer[i];
        bool same = false;
        unsigned k;

        for (unsigned j = 0; j < peer->sheet.keys; j++)
            same = same || (a->key >= 0 && peer->sheet.key[j].id == id);
        if (same && as_sketches)
            continue;
        if (same && key_with(&peer->sheet, id, a->from_slot, &k) != NULL)
            n->metric[METRIC_VISITORS] +=
                new_to_us(&a->site->table[a->key], peer, k, a->from_slot);
        else
            add_sum(a, peer, n);
    }
    if (!n->exact && n->error == 0)
        n->error = SKETCH_ERROR;
}

void site_peers_add(const struct site *s, enum sheet_window window, int64_t now_slot,
                    int64_t from_slot, int key, struct site_numbers *n)
{
    const struct site_peers *p = hold(s);
    struct asking a = {.site = s,
                       .peers = p,
                       .window = window,
                       .now_slot = now_slot,
                       .from_slot = from_slot,
                       .number = -1,
                       .key = key};

    if (p == NULL)
        return;
    if (window >= WINDOW_HOUR && window <= WINDOW_7D && !all_are_restored(s, p, now_slot))
        for (unsigned i = 0; i < p->count; i++) {
            struct hit_count left =
                hits_left(&p->peer[i], (unsigned)(window - WINDOW_HOUR), now_slot);
            n->metric[METRIC_VIEWS] += left.views;
            n->metric[METRIC_VISITS] += left.visits;
        }
    add_visitors(&a, n);
    let_go(s, p);
}

/* --- Calendar periods --- */

/* The most that was answered of a period stays the answer; when it is over, for ever. A sum
 * of runs whose visitors could not be told apart, or of some that did not say yet, is no such
 * number: once there is a union, that is the answer. */
static void keep_most(const struct site *s, enum period_kind kind, int64_t number,
                      struct site_numbers *n)
{
    struct site *w = (struct site *)(uintptr_t)s;
    _Atomic uint64_t *most = &w->peer_most[kind - PERIOD_DAY][number & 1];
    uint64_t seen = atomic_load_explicit(most, memory_order_relaxed);
    uint64_t flags = (uint64_t)number << PEER_NUMBER_SHIFT |
                     (n->deduplicated ? PEER_ONCE : 0) | (n->exact ? PEER_EXACT : 0);
    uint64_t now, next;

    do {
        uint64_t was = seen & PEER_COUNT_MOST;
        bool is_known = seen >> PEER_NUMBER_SHIFT == (uint64_t)number;
        bool is_sum = (seen & PEER_ONCE) == 0;

        now = n->metric[METRIC_VISITORS] & PEER_COUNT_MOST;
        if (is_known && was > now && !(is_sum && n->deduplicated))
            now = was;
        next = is_known && was == now && is_sum == !n->deduplicated ? seen : flags | now;
    } while (next != seen &&
             !atomic_compare_exchange_weak_explicit(
                 most, &seen, next, memory_order_relaxed, memory_order_relaxed));
    n->metric[METRIC_VISITORS] = now;
}

static uint64_t live_part(const struct site *s, enum period_kind kind, int64_t number,
                          uint64_t stored)
{
    uint64_t live = atomic_load_explicit(&s->peer_live[kind - PERIOD_DAY][number & 1],
                                         memory_order_relaxed);

    if (live >> PEER_NUMBER_SHIFT != (uint64_t)number)
        return stored; /* not told yet: a sheet says it better */
    live &= PEER_COUNT_MOST;
    return live < stored ? live : stored;
}

/* Is what is stored a sum of several runs? false also where nobody told. */
static bool are_many(const struct site *s, enum period_kind kind, int64_t number,
                     uint64_t stored)
{
    uint64_t live = atomic_load_explicit(&s->peer_live[kind - PERIOD_DAY][number & 1],
                                         memory_order_relaxed);

    return stored > 0 && live >> PEER_NUMBER_SHIFT == (uint64_t)number &&
           (live & PEER_COUNT_MOST) > 0 && (live & PEER_ONCE) == 0;
}

/* A period that is over: the words have moved on, what was answered last is known. */
static void add_closed(const struct site *s, enum period_kind kind, int64_t number,
                       uint64_t own, uint64_t stored, struct site_numbers *n)
{
    uint64_t most = atomic_load_explicit(&s->peer_most[kind - PERIOD_DAY][number & 1],
                                         memory_order_relaxed);
    uint64_t beyond = stored - live_part(s, kind, number, stored);

    n->metric[METRIC_VISITORS] = own + stored;
    n->deduplicated = n->deduplicated && (own == 0 || stored == 0) &&
                      !are_many(s, kind, number, stored);
    if (number < 0 || most >> PEER_NUMBER_SHIFT != (uint64_t)number ||
        (most & PEER_ONCE) == 0 || (most & PEER_COUNT_MOST) + beyond > own + stored)
        return;
    n->metric[METRIC_VISITORS] = (most & PEER_COUNT_MOST) + beyond;
    n->exact = (most & PEER_EXACT) != 0;
    n->deduplicated = beyond == 0;
}

static void add_rest(const struct asking *a, struct site_numbers *n)
{
    const struct peers_rest *rest = &a->peers->rest[a->window - WINDOW_TODAY];

    if (rest->number != a->number)
        return;
    if (rest->awaits)
        n->deduplicated = n->exact = false;
    if (rest->visitors == 0)
        return;
    n->deduplicated = n->deduplicated && n->metric[METRIC_VISITORS] == 0;
    n->metric[METRIC_VISITORS] += rest->visitors;
    n->exact = n->exact && rest->exact;
}

void site_peers_period(const struct site *s, enum period_kind kind,
                       const struct period *p, int64_t now_slot, bool shared,
                       uint64_t own, uint64_t stored, struct site_numbers *n)
{
    const struct site_peers *peers = hold(s);
    struct asking a = {.site = s,
                       .peers = peers,
                       .window =
                           (enum sheet_window)(WINDOW_TODAY + (int)kind - PERIOD_DAY),
                       .now_slot = now_slot,
                       .from_slot = p->from_slot,
                       .number = p->number};
    uint64_t beyond;

    if (peers == NULL || now_slot < p->from_slot || now_slot >= p->until_slot) {
        add_closed(s, kind, p->number, own, stored, n);
        if (peers != NULL)
            let_go(s, peers);
        return;
    }
    a.key = shared ? site_hold_key_for(s, p->from_slot) : -1;
    beyond = stored - live_part(s, kind, p->number, stored);
    n->metric[METRIC_VISITORS] = own;
    add_rest(&a, n);
    add_visitors(&a, n);
    site_let_go(s, a.key);
    let_go(s, peers);
    keep_most(s, kind, p->number, n);
    n->deduplicated = n->deduplicated && beyond == 0;
    n->metric[METRIC_VISITORS] += beyond;
}
