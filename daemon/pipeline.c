#include "pipeline.h"

#include <stdlib.h>

#include "base/error.h"
#include "parse/beacon.h"
#include "pipeline_inner.h"
#include "pipeline_log.h"

int pipeline_init(struct pipeline *p, struct registry *registry, struct metrics_row *row,
                  struct turn_line *turn, _Atomic(const struct trust *) *trust)
{
    size_t sites = registry_limit(registry);

    *p =
        (struct pipeline){.registry = registry, .row = row, .turn = turn, .trust = trust};
    p->lane = calloc(sites, sizeof *p->lane);
    p->touched = calloc(sites, sizeof *p->touched);
    p->referrer_cache = calloc(1, sizeof *p->referrer_cache);
    p->group = calloc(1, sizeof *p->group);
    p->names = name_lane_new();
    p->met = met_new();
    p->regulars = regulars_new();
    p->places = p->names == NULL ? NULL : place_cache_new(&p->names->secret);
    p->spellings = p->names == NULL ? NULL : spellings_new(&p->names->secret);
    if (p->spellings == NULL || p->lane == NULL || p->touched == NULL ||
        p->referrer_cache == NULL || p->group == NULL || p->names == NULL ||
        p->met == NULL || p->regulars == NULL || p->places == NULL) {
        pipeline_release(p);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < sites; i++) {
        p->lane[i].names = p->names;
        p->lane[i].met = p->met;
        p->lane[i].regulars = p->regulars;
    }
    return 0;
}

void pipeline_release(struct pipeline *p)
{
    free(p->lane);
    free(p->touched);
    free(p->referrer_cache);
    free(p->group);
    name_lane_free(p->names);
    met_free(p->met);
    regulars_free(p->regulars);
    place_cache_free(p->places);
    spellings_free(p->spellings);
    p->spellings = NULL;
    p->places = NULL;
    p->names = NULL;
    p->met = NULL;
    p->regulars = NULL;
    p->lane = NULL;
    p->touched = NULL;
    p->referrer_cache = NULL;
    p->group = NULL;
}

void pipeline_use_agents(struct pipeline *p, _Atomic(const struct agents *) *agents,
                         unsigned lane)
{
    p->agents = agents;
    p->agents_lane = lane;
}

void pipeline_begin(struct pipeline *p, struct instant now)
{
    turn_begin(p->turn);
    p->now = now;
    p->now_slot = instant_slot(now);
    p->touched_count = 0;
    p->opened_site = false;
}

bool pipeline_end(struct pipeline *p)
{
    int64_t now_s = instant_seconds(p->now);
    bool wants_room = p->opened_site;

    pipeline_group_count(p);
    p->group->sender = (struct sender){.trusted = false};
    name_lane_flush(p->names);
    for (size_t i = 0; i < p->touched_count; i++)
        wants_room |= site_lane_flush(registry_site(p->registry, p->touched[i]),
                                      &p->lane[p->touched[i]], now_s);
    p->common = (struct turn_common){.site = NULL};
    turn_end(p->turn);
    return wants_room;
}

/* --- What is forgotten --- */

static void forget_caches(struct pipeline *p)
{
    memset(p->referrer_cache, 0, sizeof *p->referrer_cache);
    place_cache_forget(p->places);
    spellings_forget(p->spellings);
    if (p->agents != NULL)
        agents_forget(atomic_load_explicit(p->agents, memory_order_seq_cst),
                      p->agents_lane);
}

void pipeline_forget(struct pipeline *p, struct instant now)
{
    int64_t today = instant_seconds(now) / 86400, quarter = instant_seconds(now) / 900;

    turn_begin(p->turn); /* what is reloadable stays for it */
    memset(p->scratch, 0, sizeof p->scratch);
    memset(&p->text, 0, sizeof p->text);
    memset(p->group, 0, sizeof *p->group);
    if (p->guard != NULL)
        guard_forget(p->guard,
                     &atomic_load_explicit(p->trust, memory_order_seq_cst)->limits,
                     now.ms);
    if (today != p->remembers_day && p->remembers_day != 0)
        forget_caches(p);
    p->remembers_day = today;
    if (quarter != p->met_quarter) {
        met_forget(p->met);
        regulars_forget(p->regulars);
    }
    p->met_quarter = quarter;
    turn_end(p->turn);
}

/* --- Who --- */

/* The visitor's, whole. */
static const struct address *address_of(const struct beacon *beacon,
                                        const struct sender *sender)
{
    return sender->trusted && beacon->has_address ? &beacon->address : &sender->address;
}

/* Bytes behind the cut are no part of who somebody is. */
static uint64_t agent_hash(const struct pipeline *p, struct slice user_agent)
{
    if (user_agent.length > LUOT_USER_AGENT_MAX)
        user_agent.length = LUOT_USER_AGENT_MAX;
    return hash_text(&p->names->secret, user_agent, 0);
}

static void begin_visit(struct visit *visit, const struct pipeline *p,
                        const struct beacon *beacon, const struct sender *sender,
                        const struct site_terms *terms)
{
    bool is_its_own = sender->trusted && beacon->user_agent.length > 0;
    struct slice user_agent = is_its_own ? beacon->user_agent : sender->user_agent;

    /* Member by member: to clear the keys would take longer than all of this. */
    visit->kind = beacon->kind == BEACON_VIEW   ? VISIT_VIEW
                  : beacon->kind == BEACON_PING ? VISIT_PING
                                                : VISIT_EVENT;
    visit->slot = p->now_slot;
    visit->own_s = 0;
    visit->name = sender->name;
    visit->user_agent = user_agent;
    visit->agent_is_written = is_its_own && beacon->of_agent.is_written;
    visit->agent_hash = is_its_own && beacon->of_agent.is_hashed
                            ? beacon->of_agent.hash
                            : agent_hash(p, user_agent);
    visit->hash_key = &p->names->secret;
    visit->anonymous = sender->anonymous && terms->config.dnt != DNT_IGNORED;
    visit->entry = false;
    visit->has = 0;
    for (int part = 0; part < VISIT_PARTS; part++) {
        visit->habit[part] = 0;
        visit->regular[part] = NULL;
    }
}

/* Staff and tests, of this site or of all. */
static bool is_internal(const struct pipeline *p, const struct site_terms *terms,
                        const struct address *address)
{
    const struct atlas *atlas = pipeline_atlas(p);

    return (terms->config.internal.count > 0 &&
            networks_contain(&terms->config.internal, address)) ||
           (atlas != NULL && atlas->internal.count > 0 &&
            networks_contain(&atlas->internal, address));
}

/* --- How often --- */

/* A proxy's own address, and that of a sender who is trusted to name visitors and named none,
 * are nobody's: such lines have no limit but the site's. */
static bool is_named(const struct beacon *beacon, const struct sender *sender)
{
    return !sender->nobody || (sender->trusted && beacon->has_address);
}

/* Early, before what takes time: guard_expect. */
static struct guarded expect(const struct pipeline *p, const struct pipeline_view *v)
{
    struct guarded g = {
        .visit = &v->visit, .named = is_named(v->beacon, v->sender), .now_ms = p->now.ms};

    if (p->guard != NULL)
        g.who = guard_expect(p->guard, &v->visit.unit);
    return g;
}

/* --- Counted --- */

static struct site_lane *open_lane(struct pipeline *p, struct site *site)
{
    struct site_lane *lane = &p->lane[site->index];

    if (!lane->touched) {
        site_lane_open(site, lane, p->now_slot);
        p->touched[p->touched_count++] = site->index;
    }
    return lane;
}

static void count_visit(struct pipeline *p, struct pipeline_view *v)
{
    site_visit(v->site, v->lane, &v->visit);
    if (!v->lane->owes_entry)
        return;
    pipeline_find_page(p, v);
    site_tops_count_entry(v->lane, &v->visit);
}

/* False: it is one too many. */
static bool count_if_allowed(struct pipeline *p, struct pipeline_view *v)
{
    const struct guard_rules *limits;

    if (p->guard == NULL) {
        count_visit(p, v);
        return true;
    }
    limits = &atomic_load_explicit(p->trust, memory_order_acquire)->limits;
    if (!guard_allows(p->guard, limits, v->site, v->lane, &v->guarded))
        return false;
    count_visit(p, v);
    guard_counted(p->guard, limits, v->site, v->lane, &v->guarded);
    return true;
}

enum outcome pipeline_count_view(struct pipeline *p, struct pipeline_view *v)
{
    static const enum outcome counted[] = {[VISIT_VIEW] = OUTCOME_VIEW,
                                           [VISIT_PING] = OUTCOME_PING,
                                           [VISIT_EVENT] = OUTCOME_EVENT};
    enum outcome outcome = pipeline_find(p, v);

    if (outcome == OUTCOME_BOT && v->visit.kind == VISIT_VIEW)
        site_tops_count_bot(v->site, v->lane, &v->visit);
    if (outcome != OUTCOME_VIEW)
        return outcome;
    return count_if_allowed(p, v) ? counted[v->visit.kind] : OUTCOME_SUSPECT;
}

/* --- Told --- */

/* Of a line whose beacon, sender, site and terms are there. OUTCOME_VIEW: it is to be
 * counted. */
static enum outcome let_in(struct pipeline *p, struct pipeline_view *v, int64_t own_s)
{
    const struct sender *sender = v->sender;

    v->address = address_of(v->beacon, sender);
    v->visit.unit = address_unit(v->address);
    v->guarded = expect(p, v);
    if (sender->prefetch)
        return OUTCOME_PREFETCH;
    if (is_internal(p, v->terms, v->address) ||
        (sender->anonymous && v->terms->config.dnt == DNT_UNCOUNTED))
        return OUTCOME_INTERNAL;
    begin_visit(&v->visit, p, v->beacon, sender, v->terms);
    if (own_s != 0) {
        v->visit.slot = instant_slot((struct instant){1000 * own_s});
        v->visit.own_s = own_s;
    }
    v->lane = open_lane(p, v->site);
    pipeline_expect(p, v);
    return OUTCOME_VIEW;
}

enum outcome pipeline_count(struct pipeline *p, const struct beacon *beacon,
                            const struct sender *sender, struct site *site,
                            const struct site_terms *terms, int64_t own_s)
{
    struct pipeline_view v;
    enum outcome outcome;

    v.beacon = beacon; /* member by member: see begin_visit */
    v.sender = sender;
    v.site = site;
    v.terms = terms;
    outcome = let_in(p, &v, own_s);
    return outcome == OUTCOME_VIEW ? pipeline_count_view(p, &v) : outcome;
}

enum outcome pipeline_tell(struct pipeline *p, struct pipeline_told *told, int rv,
                           const struct sender *sender, struct site **ret_site)
{
    struct pipeline_view *v = &told->view;
    enum outcome outcome;

    if (sender->mistrusted)
        return OUTCOME_UNTRUSTED;
    if (rv != 0)
        return rv == ERR_TOO_LONG ? OUTCOME_TOO_LONG : OUTCOME_MALFORMED;
    outcome = pipeline_find_site(p, &told->beacon, sender, ret_site, &v->terms);
    if (outcome != OUTCOME_VIEW)
        return outcome;
    if (v->terms->config.source != SOURCE_BEACONS)
        return OUTCOME_OTHER_SOURCE;
    if (told->beacon.off)
        return OUTCOME_INTERNAL;
    v->beacon = &told->beacon;
    v->sender = sender;
    v->site = *ret_site;
    return let_in(p, v, 0);
}

/* --- A line --- */

enum outcome pipeline_settle(struct pipeline *p, enum outcome outcome, struct site *site)
{
    metrics_outcome(p->row, outcome, 1);
    if (site != NULL && outcome_class(outcome) != OUTCOME_COUNTED)
        site_refuse(open_lane(p, site), outcome);
    return outcome;
}

static enum outcome count_told(struct pipeline *p, struct pipeline_told *told, int rv,
                               const struct sender *sender, struct site **ret_site)
{
    enum outcome outcome = pipeline_tell(p, told, rv, sender, ret_site);

    return outcome == OUTCOME_VIEW ? pipeline_count_view(p, &told->view) : outcome;
}

enum outcome pipeline_line(struct pipeline *p, struct slice line,
                           const struct sender *sender, struct site **ret_site)
{
    struct pipeline_told *told = p->group->line;
    struct site *site = NULL;
    enum outcome outcome;

    pipeline_group_count(p);
    metrics_bump(p->row, received, 1);
    if (!sender->http && pipeline_is_log(line)) {
        outcome = pipeline_count_log(p, line, &site);
    } else {
        int rv = beacon_parse_known(&told->beacon, line, p->spellings, told->scratch);
        outcome = count_told(p, told, rv, sender, &site);
    }
    if (ret_site != NULL)
        *ret_site = site;
    return pipeline_settle(p, outcome, site);
}

enum outcome pipeline_next_line(struct pipeline *p, struct slice *rest,
                                const struct sender *sender, struct site **ret_site)
{
    struct pipeline_told *told = p->group->line;
    enum outcome outcome;
    struct slice line;
    int rv;

    if (!sender->http && pipeline_may_be_log(*rest)) {
        (void)beacon_next_line(rest, &line);
        return pipeline_line(p, line, sender, ret_site);
    }
    pipeline_group_count(p);
    metrics_bump(p->row, received, 1);
    rv = beacon_take(&told->beacon, rest, p->spellings, told->scratch);
    *ret_site = NULL;
    outcome = count_told(p, told, rv, sender, ret_site);
    return pipeline_settle(p, outcome,
                           *ret_site); /* which is known now, and not before */
}
