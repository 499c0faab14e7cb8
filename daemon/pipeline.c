#include "pipeline.h"

#include <stdlib.h>

#include "base/error.h"
#include "identify/visit_page.h"
#include "identify/visit_referrer.h"
#include "parse/beacon.h"
#include "parse/url.h"
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
    if (p->lane != NULL && p->touched != NULL && p->referrer_cache != NULL)
        return 0;
    pipeline_release(p);
    return ERR_NOMEM;
}

void pipeline_release(struct pipeline *p)
{
    free(p->lane);
    free(p->touched);
    free(p->referrer_cache);
    p->lane = NULL;
    p->touched = NULL;
    p->referrer_cache = NULL;
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

    for (size_t i = 0; i < p->touched_count; i++)
        wants_room |= site_lane_flush(registry_site(p->registry, p->touched[i]),
                                      &p->lane[p->touched[i]], now_s);
    turn_end(p->turn);
    return wants_room;
}

/* --- Which site --- */

static struct slice host_of_url(struct slice text)
{
    struct url url;

    url_parse(&url, text);
    return url.host;
}

/* The page's own word for where it is: Origin, else Referer. A sandboxed page says "null"
 * and has no host. Of a log line it is the virtual host, if it says one. */
static struct slice page_host(const struct sender *sender)
{
    if (!sender->http)
        return sender->host;
    if (sender->origin.length > 0)
        return host_of_url(sender->origin);
    return host_of_url(sender->referer);
}

static enum outcome find_by_host(struct pipeline *p, const struct sender *sender,
                                 struct site **ret_site)
{
    struct slice host = page_host(sender);
    int why;

    if (host.length == 0 && sender->origin.length == 0)
        host = url_authority_host(sender->host);
    *ret_site = registry_by_host(p->registry, host);
    if (*ret_site != NULL)
        return OUTCOME_VIEW;
    *ret_site = registry_open_host(p->registry, host, &why);
    if (*ret_site != NULL) {
        p->opened_site = true;
        return OUTCOME_VIEW;
    }
    return why == ERR_EXISTS ? OUTCOME_AUTO_SITES_FULL
           : why == ERR_FULL ? OUTCOME_SITES_FULL
                             : OUTCOME_UNKNOWN_SITE;
}

/* A site that names its hosts takes beacons of their pages only. What has neither Origin
 * nor Referer (a server, a reader with privacy settings) cannot be checked and passes: it
 * can name any site, as a forger with curl can. */
static bool origin_is_right(const struct pipeline *p, const struct site *site,
                            const struct site_terms *terms, const struct sender *sender)
{
    struct slice host = page_host(sender);

    if (!sender->http || terms->config.open ||
        (sender->origin.length == 0 && sender->referer.length == 0))
        return true;
    if (site->block->host[0] != '\0' &&
        slice_equal_nocase(slice_of(site->block->host), host))
        return true;
    if (terms->config.hosts[0] == '\0' && site->block->host[0] == '\0')
        return true; /* no list: nothing to compare with */
    /* The last: a host of a site that was merged into this one. */
    return hosts_match(terms->config.hosts, host) ||
           registry_by_host(p->registry, host) == site;
}

/* OUTCOME_VIEW stands for "found, and allowed". */
static enum outcome find_site(struct pipeline *p, const struct beacon *beacon,
                              const struct sender *sender, struct site **ret_site,
                              const struct site_terms **ret_terms)
{
    struct site *site;
    enum outcome outcome = OUTCOME_VIEW;

    if (beacon->site.length > 0)
        site = registry_by_key(p->registry, beacon->site);
    else
        outcome = find_by_host(p, sender, &site);
    if (site == NULL)
        return beacon->site.length > 0 ? OUTCOME_UNKNOWN_SITE : outcome;
    *ret_site = site;
    *ret_terms = atomic_load_explicit(&site->terms, memory_order_seq_cst); /* turn.c */
    return origin_is_right(p, site, *ret_terms, sender) ? OUTCOME_VIEW : OUTCOME_ORIGIN;
}

/* --- Who --- */

/* The visitor's, whole. */
static const struct address *address_of(const struct beacon *beacon,
                                        const struct sender *sender)
{
    return sender->trusted && beacon->has_address ? &beacon->address : &sender->address;
}

static struct visit visit_of(const struct pipeline *p, const struct beacon *beacon,
                             const struct sender *sender)
{
    return (struct visit){
        .kind = beacon->kind == BEACON_VIEW   ? VISIT_VIEW
                : beacon->kind == BEACON_PING ? VISIT_PING
                                              : VISIT_EVENT,
        .slot = p->now_slot,
        .unit = address_unit(address_of(beacon, sender)),
        .name = sender->name,
        .user_agent = sender->trusted && beacon->user_agent.length > 0
                          ? beacon->user_agent
                          : sender->user_agent,
        .anonymous = sender->anonymous,
    };
}

/* --- What, and from where --- */

/* OUTCOME_VIEW stands for "go on". */
static enum outcome find_place(struct pipeline *p, struct visit *visit,
                               const struct beacon *beacon, const struct sender *sender,
                               const struct site *site, const struct site_terms *terms)
{
    const struct referrer_list *list =
        p->referrers == NULL
            ? NULL
            : atomic_load_explicit(p->referrers, memory_order_seq_cst); /* turn.c */
    struct visit_scene scene = {.beacon = beacon,
                                .config = &terms->config,
                                .own_host = slice_of(site->block->host),
                                .page_host = page_host(sender),
                                .referer = sender->referer,
                                .accept_language = sender->accept_language,
                                .as_written = terms->config.source == SOURCE_LOGS &&
                                              terms->config.log_rule == PAGE_RULE_PV1};

    if (visit->kind == VISIT_PING)
        return OUTCOME_VIEW;
    visit_scene_page(&scene);
    visit_page(visit, &scene, &p->text);
    return visit_referrer(visit, &scene, &p->text, list, p->referrer_cache)
               ? OUTCOME_VIEW
               : OUTCOME_SUSPECT;
}

/* --- Where --- */

static const struct atlas *atlas_of(const struct pipeline *p)
{
    return p->atlas == NULL ? NULL : atomic_load_explicit(p->atlas, memory_order_seq_cst);
}

/* Staff and tests, of this site or of all. */
static bool is_internal(const struct atlas *atlas, const struct site_terms *terms,
                        const struct address *address)
{
    return networks_contain(&terms->config.internal, address) ||
           (atlas != NULL && networks_contain(&atlas->internal, address));
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

enum outcome pipeline_count(struct pipeline *p, const struct beacon *beacon,
                            const struct sender *sender, struct site *site,
                            const struct site_terms *terms, int64_t own_s)
{
    static const enum outcome counted[] = {[VISIT_VIEW] = OUTCOME_VIEW,
                                           [VISIT_PING] = OUTCOME_PING,
                                           [VISIT_EVENT] = OUTCOME_EVENT};
    const struct atlas *atlas = atlas_of(p);
    enum outcome outcome;
    struct visit visit;

    if (sender->prefetch)
        return OUTCOME_PREFETCH;
    if (is_internal(atlas, terms, address_of(beacon, sender)))
        return OUTCOME_INTERNAL;
    visit = visit_of(p, beacon, sender);
    if (atlas != NULL)
        visit_where(&visit, atlas, address_of(beacon, sender));
    if (own_s != 0) {
        visit.slot = instant_slot((struct instant){1000 * own_s});
        visit.own_s = own_s;
    }
    outcome = find_place(p, &visit, beacon, sender, site, terms);
    if (outcome != OUTCOME_VIEW)
        return outcome;
    site_visit(site, open_lane(p, site), &visit);
    return counted[visit.kind];
}

static enum outcome count_beacon(struct pipeline *p, struct slice line,
                                 const struct sender *sender, struct site **ret_site)
{
    const struct site_terms *terms = NULL;
    struct beacon beacon;
    enum outcome outcome;
    int rv = beacon_parse(&beacon, line, p->scratch);

    if (rv != 0)
        return rv == ERR_TOO_LONG ? OUTCOME_TOO_LONG : OUTCOME_MALFORMED;
    outcome = find_site(p, &beacon, sender, ret_site, &terms);
    if (outcome != OUTCOME_VIEW)
        return outcome;
    if (terms->config.source != SOURCE_BEACONS)
        return OUTCOME_OTHER_SOURCE;
    if (beacon.off)
        return OUTCOME_INTERNAL;
    return pipeline_count(p, &beacon, sender, *ret_site, terms, 0);
}

enum outcome pipeline_line(struct pipeline *p, struct slice line,
                           const struct sender *sender, struct site **ret_site)
{
    struct site *site = NULL;
    enum outcome outcome;

    metrics_bump(p->row, received, 1);
    outcome = !sender->http && pipeline_is_log(line)
                  ? pipeline_count_log(p, line, &site)
                  : count_beacon(p, line, sender, &site);
    metrics_outcome(p->row, outcome, 1);
    if (ret_site != NULL)
        *ret_site = site;
    return outcome;
}

static uint64_t lines_in(struct slice lines)
{
    struct slice line;
    uint64_t n = 0;

    while (beacon_next_line(&lines, &line))
        n++;
    return n;
}

static void refuse(struct pipeline *p, uint64_t n, enum outcome outcome)
{
    metrics_bump(p->row, received, n);
    metrics_outcome(p->row, outcome, n);
}

enum outcome pipeline_lines(struct pipeline *p, struct slice body,
                            const struct sender *sender, struct site **ret_site)
{
    enum outcome best = OUTCOME_COUNT, outcome;
    struct site *site;
    struct slice line;

    *ret_site = NULL;
    for (unsigned n = 0; n < LUOT_LINES_MAX && beacon_next_line(&body, &line); n++) {
        outcome = pipeline_line(p, line, sender, &site);
        if (best == OUTCOME_COUNT || outcome_class(outcome) < outcome_class(best)) {
            best = outcome;
            *ret_site = site;
        }
    }
    refuse(p, lines_in(body), OUTCOME_TOO_MANY_LINES);
    if (best != OUTCOME_COUNT)
        return best;
    refuse(p, 1, OUTCOME_MALFORMED);
    return OUTCOME_MALFORMED;
}

/* Lines that are refused unread are received all the same; nothing at all is one line
 * with nothing in it. */
static void refuse_all(struct pipeline *p, struct slice datagram, enum outcome outcome)
{
    refuse(p, datagram.length > 0 ? lines_in(datagram) : 1, outcome);
}

void pipeline_datagram(struct pipeline *p, struct slice datagram,
                       const struct address *from)
{
    const struct trust *trust = atomic_load_explicit(p->trust, memory_order_seq_cst);
    struct sender sender = {.address = *from, .trusted = true};
    struct site *site;

    if (!networks_contain(&trust->udp, from))
        refuse_all(p, datagram, OUTCOME_UNTRUSTED);
    else if (datagram.length > LUOT_DATAGRAM_MAX)
        refuse_all(p, datagram, OUTCOME_TOO_LONG);
    else
        pipeline_lines(p, datagram, &sender, &site);
}
