/* Floor 2 (count). Who comes too often: of each line that is about to be counted, may it
 * be? Three limits, each off by itself:
 *
 *   address    views and events of one address (of IPv6 its /64), over all sites
 *   newcomers  visitors that no key of a site has seen, of one address and site
 *   site       views and events of a site, of all addresses together (site_rate_limit)
 *
 * A line over a limit is `suspect`, costs no token, and leaves no trace in any table. A ping
 * takes no token: it counts nothing, and opens no visitor. An address that names nobody (a
 * proxy's own, a trusted sender's that says no `i`) is not asked about: see `named`.
 *
 * Who has many addresses (a /48 of IPv6 is 65,536 units) has as many limits: the site's own
 * limit is for that.
 *
 * The newcomers' limit charges a visitor after it was counted, so workers that bring
 * newcomers of one address at once may pass it by one each; an address over it is then
 * asked about each visitor: one whom the site knows still counts. While no address is over
 * it nobody looks. A site that is sketched
 * knows too few of its visitors for that: there only the other two limits hold. */
#ifndef LUOT_COUNT_GUARD_H
#define LUOT_COUNT_GUARD_H

#include "count/rate.h"
#include "count/site.h"

struct guard; /* opaque, shared by all workers */

struct guard *guard_new(void); /* 1 MiB, as it is needed. NULL: no memory */
void guard_free(struct guard *g);

/* What holds now: the settings of the same names. */
struct guard_rules {
    struct rate_limit address, newcomers;
};

/* The visit as the guard sees it. */
struct guarded {
    const struct visit *visit;
    bool named;     /* unit is a visitor's; when not, only the site's limit holds */
    int64_t now_ms; /* of the turn          */
    uint64_t who;   /* of guard_expect      */
};

/* As soon as the address (address_unit) is known: the buckets of 10,000 visitors are not in
 * the nearest caches, and what is done meanwhile takes as long as fetching one. */
uint64_t guard_expect(const struct guard *g, const struct address *unit);

/* Whether the address has a token left, as things are now: who has none will hardly be
 * counted. */
bool guard_may(const struct guard *g, const struct guard_rules *rules,
               const struct guarded *v);

/* Worker, inside a turn, once a second: makes zero what the next eighth of the tables knows
 * of addresses that no limit holds for any more. So nothing is known of an address for
 * longer than its bucket takes to fill, and eight seconds. Returns how many buckets of that
 * part are in use. */
enum { GUARD_FORGETS_S = 8 };
size_t guard_forget(struct guard *g, const struct guard_rules *rules, int64_t now_ms);

/* Worker, inside a turn, before site_visit: true takes the tokens. */
bool guard_allows(struct guard *g, const struct guard_rules *rules, struct site *s,
                  struct site_lane *lane, const struct guarded *v);
/* After it. */
void guard_counted(struct guard *g, const struct guard_rules *rules, const struct site *s,
                   const struct site_lane *lane, const struct guarded *v);

#endif
