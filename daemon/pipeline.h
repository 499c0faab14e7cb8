/* Floor 3. The one-screen story: bytes -> beacon -> visit -> counted. One pipeline a
 * worker; its calls are that worker's alone, and allocate nothing, take no lock and ask
 * no system call. Time is told to it at the beginning of each turn.
 *
 * Every line that was framed is `received`, and ends in exactly one outcome of
 * base/outcome.h. */
#ifndef LUOT_PIPELINE_H
#define LUOT_PIPELINE_H

#include "base/address.h"
#include "base/metrics.h"
#include "count/registry.h"
#include "identify/agent.h"
#include "luot_beacon.h"

/* Who is believed; swapped whole on reload, by an atomic pointer. */
struct trust {
    struct networks udp;
    struct networks proxies;
};

/* Where lines come from, and what the way in says of the visitor. */
struct sender {
    struct address address; /* the visitor's, as far as the way in knows */
    bool trusted;           /* `i` and `u` count                         */
    bool http;              /* the fields below are a browser's headers  */
    bool anonymous;         /* DNT or GPC                                */
    bool prefetch;          /* nobody has looked yet                     */
    struct slice origin, referer, host, user_agent, accept_language;
};

struct pipeline {
    struct registry *registry;
    struct metrics_row *row;
    struct turn_line *turn;
    _Atomic(const struct trust *) *trust;
    _Atomic(const struct agents *) *agents; /* NULL: nobody is asked what he is */
    unsigned agents_lane;
    struct instant now; /* of this turn */
    int64_t now_slot;
    struct site_lane *lane; /* one a site of the registry        */
    uint32_t *touched;      /* indexes of the sites of this turn */
    size_t touched_count;
    bool opened_site; /* in this turn: the keeper makes the next blank */
    char scratch[LUOT_BEACON_MAX];
};

/* ERR_NOMEM. Everything pointed to outlives the pipeline. */
int pipeline_init(struct pipeline *p, struct registry *registry, struct metrics_row *row,
                  struct turn_line *turn, _Atomic(const struct trust *) *trust);
void pipeline_release(struct pipeline *p);
/* Until then everybody is a person. The lane is this pipeline's alone; *agents may be
 * replaced at any time, and the old ones freed a grace later. */
void pipeline_use_agents(struct pipeline *p, _Atomic(const struct agents *) *agents,
                         unsigned lane);

void pipeline_begin(struct pipeline *p, struct instant now);
/* One datagram of 1 to 64 lines. */
void pipeline_datagram(struct pipeline *p, struct slice datagram,
                       const struct address *from);
/* One line. *ret_site (may be NULL) is the site it was for, when there is one. */
enum outcome pipeline_line(struct pipeline *p, struct slice line,
                           const struct sender *sender, struct site **ret_site);
/* The body of a POST: each line judged alone. Returns the outcome to answer with: the
 * first counted one, else the first suppressed, else the first rejected one. */
enum outcome pipeline_lines(struct pipeline *p, struct slice body,
                            const struct sender *sender, struct site **ret_site);
/* Adds what the turn counted. An answer may go out after this. True: ring the keeper, a
 * table needs room, or a new site a blank, before its next tick. */
bool pipeline_end(struct pipeline *p);

#endif
