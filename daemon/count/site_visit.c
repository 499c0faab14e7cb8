/* A hit's way through a site: into the table of each key that has begun (site_visitor.c),
 * then to the worker's lane, which is added to the ring once a slot and turn. */
#include "count/site_inner.h"

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
            key->met = hash_words(&lane->met->secret, half[0], half[1], s->index, 0) &
                       ~MET_SOMEBODY;
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
    new_visit = visit->anonymous ? visit->entry
                                 : site_identify(s, lane, visit, slot, &first_today);
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

/* Unordered with what was counted, and before what the name lane brings at the turn's end:
 * the keeper looks for some ticks more. */
static void stir(struct site *s)
{
    if (!atomic_load_explicit(&s->stirred, memory_order_relaxed))
        atomic_store_explicit(&s->stirred, true, memory_order_relaxed);
}

bool site_lane_flush(struct site *s, struct site_lane *lane, int64_t now_s)
{
    bool wants_page = site_refused_flush(s, lane, now_s);

    stir(s);
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
