/* Whose hit it is: the visitor under each key of the site that has begun, met before or not,
 * and what their tables say together about his visit. */
#include "count/site_inner.h"
#include "identify/visitor.h"

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
           MET_SOMEBODY;
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

/* --- His hit, under each key --- */

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

bool site_identify(struct site *s, struct site_lane *lane, const struct visit *visit,
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
