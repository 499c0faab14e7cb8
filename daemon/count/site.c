#include "count/site.h"

#include <stdlib.h>
#include <string.h>

#include "count/site_layout.h"
#include "identify/visitor.h"

uint64_t site_layout_hash(void)
{
    const uint64_t sizes[] = {
        sizeof(struct site_block),
        offsetof(struct site_block, hits),
        offsetof(struct site_block, visitors),
        offsetof(struct site_block, keys),
        offsetof(struct site_block, day),
        offsetof(struct site_block, week),
        offsetof(struct site_block, seed),
        sizeof(struct hits),
        sizeof(struct visitors),
        sizeof(struct distinct),
        sizeof(struct hll),
        sizeof(struct count_head),
        SITE_RANGE_BYTES,
        TABLE_AT,
        MATRIX_AT,
        HLL_AT,
    };

    return hash_fast(sizes, sizeof sizes);
}

void site_attach(struct site *s, struct arena *a, unsigned index)
{
    char *range = arena_range(a, index);

    s->index = index;
    s->block = (struct site_block *)range;
    for (unsigned i = 0; i < SITE_KEYS; i++) {
        s->table[i] = (struct visitors_table){
            .head = &s->block->visitors[i],
            .word = (_Atomic uint64_t *)(range + site_table_at(i)),
            .matrix = (struct distinct *)(range + site_matrix_at(i)),
            .day = {(struct hll *)(range + site_day_hll_at(i, 0)),
                    (struct hll *)(range + site_day_hll_at(i, 1))},
            .month = (struct hll *)(range + site_month_hll_at(i)),
        };
    }
}

int site_make(struct site *s, struct arena *a, struct instant now)
{
    int rv = arena_back(a, s->block, sizeof *s->block);

    if (rv == 0)
        rv = arena_back(a, site_place(s, site_table_at(0)),
                        VISITORS_IN_BLOCK * sizeof(uint64_t));
    if (rv != 0)
        return rv;
    memset(s->block, 0, sizeof *s->block);
    hits_init(&s->block->hits, instant_slot(now));
    hash_key_random(&s->block->import_key);
    atomic_store_explicit(&s->block->created_s, instant_seconds(now),
                          memory_order_relaxed);
    atomic_store_explicit(&s->block->state, SITE_BLANK, memory_order_release);
    return 0;
}

void site_name(struct site *s, struct slice key, struct slice host)
{
    struct site_block *b = s->block;

    memset(b->key, 0, sizeof b->key);
    memset(b->host, 0, sizeof b->host);
    memcpy(b->key, key.at, key.length < sizeof b->key ? key.length : sizeof b->key - 1);
    if (host.length > 0)
        memcpy(b->host, host.at,
               host.length < sizeof b->host ? host.length : sizeof b->host - 1);
    /* The name is whole before anyone, now or after kill -9, takes the site for live. */
    atomic_store_explicit(&b->state, SITE_LIVE, memory_order_release);
}

struct site_terms *site_terms_new(const struct site_config *config)
{
    struct site_terms *t = calloc(1, sizeof *t);

    if (t == NULL)
        return NULL;
    t->config = *config;
    if (zone_load(&t->zone, slice_of(config->timezone)) != 0) {
        free(t);
        return NULL;
    }
    t->calendar = (struct calendar){t->zone, config->first_weekday};
    t->online_slots = (config->online_window_s * 1000 + SLOT_MS - 1) / SLOT_MS;
    t->idle_slots = (config->session_idle_s * 1000 + SLOT_MS - 1) / SLOT_MS;
    return t;
}

void site_terms_free(struct site_terms *t)
{
    if (t == NULL)
        return;
    zone_free(t->zone);
    free(t);
}

/* --- Worker --- */

void site_lane_open(struct site *s, struct site_lane *lane, int64_t now_slot)
{
    const struct site_terms *terms =
        atomic_load_explicit(&s->terms, memory_order_seq_cst); /* freed after a grace */

    lane->touched = true;
    lane->now_slot = now_slot;
    lane->floor_q = hits_floor(&s->block->hits);
    if (lane->terms != terms) {
        lane->terms = terms;
        lane->periods.until_slot = INT64_MIN;
    }
}

static const struct visit_periods *periods_of(struct site_lane *lane, int64_t slot)
{
    if (slot < lane->periods.from_slot || slot >= lane->periods.until_slot)
        visit_periods_at(&lane->terms->calendar, slot, lane->terms->online_slots,
                         lane->terms->idle_slots, &lane->periods);
    return &lane->periods;
}

/* A hit goes to the table of every key that is linked and has begun. While two are, it is
 * a new visit only if both say so: the younger table does not know who came before its
 * key. */
static bool identify(struct site *s, struct site_lane *lane, const struct visit *visit,
                     int64_t slot)
{
    const struct visit_periods *periods = periods_of(lane, slot);
    struct slice key = slice_of(s->block->key);
    bool placed = false, new_visit = true;

    for (unsigned i = 0; i < SITE_KEYS; i++) {
        struct site_key *k = &s->block->keys[i];
        uint64_t fp;

        /* seq_cst, as all that a turn reads and a grace waits for (count/turn). */
        if (!atomic_load_explicit(&s->table[i].head->linked, memory_order_seq_cst) ||
            slot < atomic_load_explicit(&k->from_slot, memory_order_relaxed))
            continue;
        fp = visitors_fingerprint(
            visitor_hash(&k->key, key, &visit->unit, visit->user_agent));
        if (visit->kind == VISIT_VIEW) {
            struct visitors_verdict v = visitors_hit(&s->table[i], fp, slot, periods);
            placed |= v.placed;
            new_visit &= v.new_visit || !v.placed;
        } else {
            visitors_ping(&s->table[i], fp, slot, periods);
        }
    }
    return placed ? new_visit : visit->entry;
}

bool site_visit(struct site *s, struct site_lane *lane, const struct visit *visit)
{
    bool late, new_visit;
    int64_t slot = hits_date(visit->slot, lane->now_slot, lane->floor_q, &late);

    if (late)
        atomic_fetch_add_explicit(&s->block->hits.late, 1, memory_order_relaxed);
    new_visit = visit->anonymous ? visit->entry : identify(s, lane, visit, slot);
    if (visit->kind != VISIT_VIEW)
        return false; /* keeps a visit alive, opens none */
    if (slot != lane->slot && lane->views > 0) {
        hits_add(&s->block->hits, lane->slot, lane->visits, lane->views);
        lane->views = lane->visits = 0;
    }
    lane->slot = slot;
    lane->views++;
    lane->visits += new_visit;
    return new_visit;
}

static bool site_wants_room(const struct site *s)
{
    unsigned part;

    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (atomic_load_explicit(&s->table[i].head->linked, memory_order_relaxed) &&
            visitors_wants_part(&s->table[i], &part))
            return true;
    return false;
}

bool site_lane_flush(struct site *s, struct site_lane *lane, int64_t now_s)
{
    lane->touched = false;
    if (lane->views == 0)
        return false;
    hits_add(&s->block->hits, lane->slot, lane->visits, lane->views);
    lane->views = lane->visits = 0;
    if (atomic_load_explicit(&s->block->first_live_s, memory_order_relaxed) == 0) {
        int64_t none = 0;
        atomic_compare_exchange_strong_explicit(&s->block->first_live_s, &none, now_s,
                                                memory_order_relaxed,
                                                memory_order_relaxed);
    }
    /* For silent sites: a store a site and turn, and only when the second has changed. */
    if (atomic_load_explicit(&s->block->last_view_s, memory_order_relaxed) != now_s)
        atomic_store_explicit(&s->block->last_view_s, now_s, memory_order_relaxed);
    return site_wants_room(s);
}
