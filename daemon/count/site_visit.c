/* A hit's way through a site: into the table of each key that has begun, then to the
 * worker's lane, which is added to the ring once a slot and turn. */
#include "count/site_inner.h"
#include "identify/visitor.h"

static const struct visit_periods *periods_of(struct site_lane *lane, int64_t slot)
{
    if (slot < lane->periods.from_slot || slot >= lane->periods.until_slot)
        visit_periods_at(&lane->terms->calendar, slot, lane->terms->online_slots,
                         lane->terms->idle_slots, &lane->periods);
    /* Of the turn: a log line that comes late may be of somebody who has left. */
    lane->periods.online_after = lane->now_slot - lane->terms->online_slots;
    return &lane->periods;
}

/* The tops of the turn's day, and whether what is known of them by heart still is. */
static void open_tops(struct site *s, struct site_lane *lane, int64_t day)
{
    uint64_t era;

    lane->tops = site_tops_of(s, day);
    lane->tops_day = day;
    lane->tops_life = 0;
    if (lane->tops == NULL || lane->regulars == NULL)
        return;
    era = topk_era(lane->tops);
    if (era != lane->tops_era)
        name_lane_doubt(lane->names);
    lane->tops_era = era;
    if (era != 0)
        lane->tops_life = topk_life(lane->tops);
}

/* Not 0, whoever it is and under whatever key. Not one of the bits that choose his place. */
#define SOMEBODY (UINT64_C(1) << 61)

/* The keys that are linked and have begun. One that is made in this turn is made for a period
 * to come; one that is taken away is there until the turn is over. */
static void open_keys(struct site *s, struct site_lane *lane)
{
    uint64_t half[2];

    lane->keys = 0;
    for (unsigned i = 0; i < SITE_KEYS; i++) {
        const struct site_key *k = &s->block->keys[i];
        struct lane_key *key = &lane->key[lane->keys];
        int64_t from;

        /* seq_cst, as all that a turn reads and a grace waits for (count/turn). */
        if (!atomic_load_explicit(&s->table[i].head->linked, memory_order_seq_cst))
            continue;
        from = atomic_load_explicit(&k->from_slot, memory_order_relaxed);
        if (from > lane->now_slot)
            continue;
        *key = (struct lane_key){&s->table[i], &k->key, from, 0};
        memcpy(half, k->key.bytes, sizeof half); /* random: no other key has them */
        if (lane->met != NULL)
            key->met =
                hash_words(&lane->met->secret, half[0], half[1], s->index, 0) & ~SOMEBODY;
        lane->keys++;
    }
}

void site_lane_open(struct site *s, struct site_lane *lane, int64_t now_slot)
{
    /* Freed after a grace. */
    const struct site_terms *terms =
        atomic_load_explicit(&s->terms, memory_order_seq_cst);
    int64_t slot;
    bool late;

    lane->touched = true;
    lane->now_slot = now_slot;
    lane->own_s = INT64_MAX;
    lane->floor_q = hits_floor(&s->block->hits);
    /* The clock was set back, and the keeper has not answered to it yet: all slots of now's
     * are closed. What comes is overrun, which is booked on the day that the clock says, and
     * so are those who come. */
    lane->undated = lane->floor_q * QUARTER_SLOTS > now_slot;
    if (lane->undated)
        lane->floor_q = now_slot / QUARTER_SLOTS;
    lane->terms = terms;
    if (lane->terms_version != terms->version) { /* not the address: that comes again */
        lane->terms_version = terms->version;
        lane->periods.until_slot = INT64_MIN;
    }
    open_keys(s, lane);
    slot = hits_date(now_slot, now_slot, lane->floor_q, &late);
    open_tops(s, lane, periods_of(lane, slot)->number[PERIOD_DAY]);
}

/* While two keys go beside each other a hit is told to both tables. Whether it is a new
 * visit the older one alone says while it is exact, because it knows all that the younger
 * one does: two workers that bring the same visitor at once would each be first in one of
 * the two, and neither visit would count if both had to agree. A table that has forgotten
 * visits (sketched, or full) says "new" too often: then both must. */
struct opinion {
    bool all_new;                 /* none that placed it knows the visit */
    bool oldest_new;              /* what the oldest exact table says    */
    bool oldest_second;           /* the same of: the visit's second view */
    bool all_first, oldest_first; /* the same of: its first view of the day */
    bool all_unknown;             /* no key that placed it had seen it   */
    int64_t oldest_from;          /* INT64_MAX: there is none            */
    bool placed_second;           /* what the oldest table that placed it says of that */
    int64_t placed_from;
};

/* What one table says that placed the visit. */
struct said {
    const struct visitors_table *table;
    int64_t from; /* its key's */
    struct visitors_verdict verdict;
};

static void hear(struct opinion *o, const struct said *said)
{
    struct visitors_verdict v = said->verdict;
    bool exact = atomic_load_explicit(&said->table->head->mode, memory_order_relaxed) !=
                 VISITORS_SKETCHED;

    o->all_new = o->all_new && v.new_visit;
    o->all_first = o->all_first && v.first_today;
    o->all_unknown = o->all_unknown && v.first_seen;
    if (said->from < o->placed_from) {
        o->placed_from = said->from;
        o->placed_second = v.second_view;
    }
    if (exact && said->from < o->oldest_from) {
        o->oldest_from = said->from;
        o->oldest_new = v.new_visit;
        o->oldest_second = v.second_view;
        o->oldest_first = v.first_today;
    }
}

/* What they say together, as one table would. */
static struct visitors_verdict agree(const struct said *said, unsigned n)
{
    struct opinion o = {.all_new = true,
                        .all_first = true,
                        .all_unknown = true,
                        .oldest_from = INT64_MAX,
                        .placed_from = INT64_MAX};
    bool exact;

    for (unsigned i = 0; i < n; i++)
        hear(&o, &said[i]);
    exact = o.oldest_from != INT64_MAX;
    return (struct visitors_verdict){
        .placed = true,
        .new_visit = exact ? o.oldest_new : o.all_new,
        .first_seen = o.all_unknown,
        .first_today = exact ? o.oldest_first : o.all_first,
        .second_view = exact ? o.oldest_second : o.placed_second && !o.all_new};
}

static uint64_t hash_of(const struct hash_key *key, struct slice site,
                        const struct visit *visit)
{
    char memory[HASH_TEXT_BYTES];
    struct slice user_agent = visit_user_agent(visit, memory);

    if (visit->name.length > 0)
        return visitor_hash_name(key, site, visit->name, user_agent);
    return visitor_hash(key, site, &visit->unit, user_agent);
}

/* --- Whom the worker has just met --- */

/* 0: it cannot be said. */
static uint64_t met_as(const struct site_lane *lane, const struct visit *visit)
{
    uint64_t half[2];

    if (lane->met == NULL || visit->hash_key == NULL || visit->name.length > 0)
        return 0;
    memcpy(half, visit->unit.bytes, sizeof half);
    return hash_words(&lane->met->secret, visit->agent_hash, half[0], half[1], 1) |
           SOMEBODY;
}

/* Two visitors, or one under two keys, are one with a chance of 2^-63. */
static uint64_t under(uint64_t met, const struct lane_key *k)
{
    return met ^ k->met;
}

/* Under one key; who was not met is from now on. */
static struct met_visitor *meet(struct site *s, const struct site_lane *lane,
                                const struct lane_key *k, const struct visit *visit,
                                uint64_t met)
{
    uint64_t who = under(met, k);
    struct met_visitor *place, *v = met_find(lane->met, who, &place);

    if (v != NULL)
        return v;
    *place = (struct met_visitor){
        .who = who,
        .fp = visitors_fingerprint(hash_of(k->key, slice_of(s->block->key), visit)),
        .at = VISITORS_NOWHERE};
    return place;
}

void site_expect_visitor(const struct site_lane *lane, struct visit *visit)
{
    visit->met = visit->anonymous ? 0 : met_as(lane, visit);
    for (unsigned i = 0; visit->met != 0 && i < lane->keys; i++)
        met_expect(lane->met, under(visit->met, &lane->key[i]));
}

bool site_expect_known(const struct site_lane *lane, const struct visit *visit)
{
    bool all = true;

    for (unsigned i = 0; visit->met != 0 && i < lane->keys; i++) {
        struct met_visitor *place, *v;

        v = met_find(lane->met, under(visit->met, &lane->key[i]), &place);
        if (v != NULL)
            visitors_expect(lane->key[i].table, v->fp, v->at);
        all = all && v != NULL;
    }
    return all;
}

void site_expect_stranger(struct site *s, const struct site_lane *lane,
                          const struct visit *visit)
{
    for (unsigned i = 0; visit->met != 0 && i < lane->keys; i++) {
        const struct met_visitor *v = meet(s, lane, &lane->key[i], visit, visit->met);

        visitors_expect(lane->key[i].table, v->fp, v->at);
    }
}

/* --- A visit --- */

static struct visitors_verdict hit(struct site *s, struct site_lane *lane,
                                   const struct visit *visit, uint64_t met,
                                   const struct lane_key *k, int64_t slot)
{
    struct met_visitor *v = met == 0 ? NULL : meet(s, lane, k, visit, met);
    uint64_t fp =
        v != NULL ? v->fp
                  : visitors_fingerprint(hash_of(k->key, slice_of(s->block->key), visit));
    struct visitors_verdict verdict;
    uint32_t at = v != NULL ? v->at : VISITORS_NOWHERE;

    if (visit->kind != VISIT_VIEW) {
        visitors_ping(k->table, fp, slot, &lane->periods);
        return (struct visitors_verdict){0};
    }
    verdict = visitors_hit_at(k->table, fp, slot, &lane->periods, &at);
    if (v != NULL)
        v->at = at;
    return verdict;
}

/* A hit goes to the table of every key that is linked and has begun: mostly that is one.
 * `placed`: one of them at least has him. */
static struct visitors_verdict hit_all(struct site *s, struct site_lane *lane,
                                       const struct visit *visit, int64_t slot)
{
    uint64_t met = visit->met != 0 ? visit->met : met_as(lane, visit);
    struct said said[SITE_KEYS];
    unsigned n = 0;

    if (lane->keys == 1 && slot >= lane->key[0].from)
        return hit(s, lane, visit, met, &lane->key[0], slot);
    for (unsigned i = 0; i < lane->keys; i++) {
        const struct lane_key *k = &lane->key[i];
        struct visitors_verdict v;

        if (slot < k->from)
            continue;
        v = hit(s, lane, visit, met, k, slot);
        if (v.placed)
            said[n++] = (struct said){k->table, k->from, v};
    }
    if (n == 0)
        return (struct visitors_verdict){.placed = false};
    return n == 1 ? said[0].verdict : agree(said, n);
}

static bool identify(struct site *s, struct site_lane *lane, const struct visit *visit,
                     int64_t slot, bool *ret_first_today)
{
    struct visitors_verdict v = hit_all(s, lane, visit, slot);

    if (!v.placed)
        return visit->entry;
    lane->newcomer = v.first_seen;
    lane->is_known = true;
    lane->is_second = v.second_view; /* not of a view that opens a visit */
    *ret_first_today = v.first_today;
    return v.new_visit;
}

bool site_knows(struct site *s, struct site_lane *lane, const struct visit *visit)
{
    struct slice key = slice_of(s->block->key);
    bool late;
    int64_t slot = hits_date(visit->slot, lane->now_slot, lane->floor_q, &late), seen;

    for (unsigned i = 0; i < lane->keys; i++) {
        const struct lane_key *k = &lane->key[i];

        if (slot < k->from)
            continue;
        if (atomic_load_explicit(&k->table->head->mode, memory_order_relaxed) ==
                VISITORS_SKETCHED ||
            visitors_last_seen(k->table,
                               visitors_fingerprint(hash_of(k->key, key, visit)), &seen))
            return true;
    }
    return false;
}

/* All that the lane holds is of one slot. */
static void add(struct site *s, struct site_lane *lane)
{
    _Atomic int64_t *last_view_s = &s->block->last_view_s;

    /* Before it is counted: an adoption goes by it. Once a slot. */
    if (atomic_load_explicit(last_view_s, memory_order_relaxed) / SLOT_S !=
        lane->now_slot)
        atomic_store_explicit(last_view_s, lane->now_slot * SLOT_S, memory_order_relaxed);
    if (lane->undated)
        hits_add_undated(&s->block->hits, lane->visits, lane->views);
    else
        hits_add(&s->block->hits, lane->slot, lane->visits, lane->views);
    if (lane->known + lane->engaged > 0)
        site_engaged_add(s, lane->day, lane->known, lane->engaged);
    lane->views = lane->visits = lane->known = lane->engaged = 0;
}

bool site_visit(struct site *s, struct site_lane *lane, const struct visit *visit)
{
    bool late, new_visit, first_today = false;
    int64_t slot = hits_date(visit->slot, lane->now_slot, lane->floor_q, &late), day;
    const struct visit_periods *periods = periods_of(lane, slot);

    if (late)
        atomic_fetch_add_explicit(&s->block->hits.late, 1, memory_order_relaxed);
    day = periods->number[PERIOD_DAY];
    lane->newcomer = lane->is_known = lane->is_second = lane->owes_entry = false;
    new_visit =
        visit->anonymous ? visit->entry : identify(s, lane, visit, slot, &first_today);
    site_tops_count(s, lane, visit, day, new_visit, first_today);
    if (visit->kind != VISIT_VIEW)
        return false; /* keeps a visit alive, opens none */
    if (slot != lane->slot && lane->views > 0)
        add(s, lane);
    if (visit->own_s != 0 && visit->own_s < lane->own_s)
        lane->own_s = visit->own_s;
    lane->slot = slot;
    lane->views++;
    lane->visits += new_visit;
    if (lane->is_known) {
        lane->day = day;
        lane->known += new_visit;
        lane->engaged += lane->is_second;
    }
    return new_visit;
}

static bool site_wants_room(const struct site *s)
{
    unsigned part;

    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (atomic_load_explicit(&s->table[i].head->linked, memory_order_relaxed) &&
            visitors_wants_part(&s->table[i], &part))
            return true;
    return site_tops_wants(s);
}

/* An import takes what is before the first live view. A log line that came late was one
 * before those that were faster. */
static void note_first_live(struct site *s, const struct site_lane *lane, int64_t now_s)
{
    _Atomic int64_t *first_live_s = &s->block->first_live_s;
    int64_t first = lane->own_s < now_s ? lane->own_s : now_s;
    int64_t seen = atomic_load_explicit(first_live_s, memory_order_relaxed);

    while (seen == 0 || lane->own_s < seen)
        if (atomic_compare_exchange_weak_explicit(
                first_live_s, &seen, first, memory_order_relaxed, memory_order_relaxed))
            return;
}

bool site_lane_flush(struct site *s, struct site_lane *lane, int64_t now_s)
{
    bool wants_page = site_refused_flush(s, lane, now_s);

    lane->touched = false;
    if (lane->views == 0)
        return wants_page;
    add(s, lane);
    note_first_live(s, lane, now_s);
    /* For silent sites: a store a site and turn, and only when the second has changed. */
    if (atomic_load_explicit(&s->block->last_view_s, memory_order_relaxed) != now_s)
        atomic_store_explicit(&s->block->last_view_s, now_s, memory_order_relaxed);
    return wants_page || site_wants_room(s);
}
