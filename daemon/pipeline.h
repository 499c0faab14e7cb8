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
#include "base/writers.h"
#include "count/guard.h"
#include "count/registry.h"
#include "count/senders.h"
#include "identify/agent.h"
#include "identify/atlas.h"
#include "identify/place_cache.h"
#include "identify/referrer_cache.h"
#include "identify/visit_scene.h"
#include "luot_beacon.h"
#include "parse/spelling.h"

/* Who is believed, and how often; swapped whole on reload, by an atomic pointer. */
struct trust {
    struct networks udp;
    struct networks proxies;
    struct writers *writers; /* whoever frees this frees them; NULL: none */
    struct guard_rules limits;
};

/* Where lines come from, and what the way in says of the visitor. */
struct sender {
    struct address address; /* the visitor's, as far as the way in knows */
    bool trusted;           /* `i` and `u` count                         */
    bool mistrusted;        /* it shows a token that no writer has */
    bool nobody;            /* the address is a proxy's own, or a back end's */
    bool http;              /* the fields below are a browser's headers  */
    bool anonymous;         /* DNT or GPC                                */
    bool prefetch;          /* nobody has looked yet                     */
    bool agent_expected;    /* a log's format has it: who says nothing is a robot */
    struct slice origin, referer, host, user_agent, accept_language;
    struct slice name; /* a log's host name, where it has no address */
};

/* What the lines of a turn mostly have in common. Emptied at its end: what it points to is
 * there for this turn only, and addresses are nobody's to keep. */
struct turn_common {
    struct site *site; /* the last one that was named; NULL: none */
    size_t key_length; /* of its name, as lines write it          */
    char key[SITE_KEY_MAX + 1];
    uint64_t key_words[2]; /* of a short one: hash_text_short        */
    const struct trust
        *trust; /* by which `from` is in udp_trusted; NULL: nobody is yet */
    struct address from;
    struct slice page, page_host; /* a page that a browser named, and its host */
};

struct pipeline_group;

struct pipeline {
    struct registry *registry;
    struct metrics_row *row;
    struct turn_line *turn;
    _Atomic(const struct trust *) *trust;
    _Atomic(const struct atlas *) *atlas;   /* NULL: nobody asks where visitors are */
    _Atomic(const struct agents *) *agents; /* NULL: nobody is asked what he is     */
    unsigned agents_lane;
    struct instant now; /* of this turn */
    int64_t now_slot;
    struct site_lane *lane; /* one a site of the registry        */
    uint32_t *touched;      /* indexes of the sites of this turn */
    size_t touched_count;
    /* The list of now, swapped on reload; NULL until somebody sets it: none. */
    _Atomic(const struct referrer_list *) *referrers;
    struct referrer_cache *referrer_cache;
    struct place_cache *places;  /* hashed by the secret of `names`, as all of a visit */
    struct spellings *spellings; /* likewise; of agents                           */
    struct name_lane *names;     /* what it knows of tops by heart                 */
    struct met *met;             /* ... and of visitors                            */
    struct regulars *regulars;   /* ... and of which rows are theirs               */
    int64_t met_quarter;         /* of an hour, UTC: since then it knows them      */
    int64_t remembers_day;       /* UTC: of what caches know; 0: nobody has asked yet */
    struct visit_text text;      /* of the last visit */
    struct guard *guard;         /* of all workers; NULL: nothing is limited */
    struct senders *senders; /* of all workers; NULL: nothing that is signed gets in */
    struct turn_common common;
    struct pipeline_group *group;    /* lines that are told, and not counted yet */
    bool opened_site;                /* in this turn: the keeper makes the next blank */
    bool without_places;             /* a bench asks what pages and referrers cost */
    char scratch[LUOT_DATAGRAM_MAX]; /* a line's text, decoded */
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
/* One datagram of 1 to 64 lines: beacons, and log lines of web servers with or without a
 * syslog envelope (pipeline_log.h); signed (parse/signed.h) or from udp_trusted. Its bytes
 * stay until pipeline_end, by which the last lines are counted. */
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
/* Makes zero what the last lines left behind, what is known of addresses that no limit
 * holds for any more, each quarter-hour who was met, and once a day (UTC) what is remembered
 * of agents, of pages and of the hosts that visitors came from. Once a second; a turn of its
 * own. */
void pipeline_forget(struct pipeline *p, struct instant now);

#endif
