/* Floor 2 (count). The sites there are: every range of the arena as a struct site, found
 * by key or by host.
 *
 * Looking up is any thread's and takes no lock: a view is immutable but for sites that
 * open by themselves, which are only ever added. The daemon swaps whole views on reload.
 * Opening an auto site takes a blank one that the keeper made ahead, so a worker never
 * waits for memory; two workers that open the same host at once are told apart by a short
 * spin. */
#ifndef LUOT_COUNT_REGISTRY_H
#define LUOT_COUNT_REGISTRY_H

#include "count/site_aside.h"
#include "count/site_names.h"

struct registry;

struct registry_report {
    unsigned adopted, created, archived;
    unsigned
        head_damaged; /* words of the arena's head that somebody changed, and were mended */
    /* The first site that found no room (sites_max) or no memory, or "". */
    char full[SITE_KEY_MAX + 1];
};

/* Attaches every range of the arena, adopts what is live, makes what the configuration
 * names and a few blanks. Before any other thread. `config` must live as long as it is
 * the current one. ERR_NOMEM; ERR_NOSPACE when not one site found memory; sites that
 * found no room beside others are in the report. A `ranges` that was lowered hides no
 * site. */
int registry_open(struct registry **ret_registry, struct arena *a, size_t ranges,
                  const struct config *config, struct instant now,
                  struct registry_report *ret_report);
/* The same with keys that nodes share: it takes from the ring what it has of a period when it
 * makes that period's keys, and random ones else. The ring outlives it; NULL: none. And with
 * what people said of sites, which is its own from now on; NULL: nothing. */
int registry_open_sharing(struct registry **ret_registry, struct arena *a, size_t ranges,
                          const struct config *config, struct instant now,
                          struct key_ring *ring, struct site_names *names,
                          struct registry_report *ret_report);
/* No thread may use it any more. NULL is a no-op. */
void registry_close(struct registry *r);

/* Reload, any thread: the keeper takes the new configuration up at its next tick. Sites
 * that are new are made; ones no longer named are archived: their history stays, their
 * beacons are unknown_site. The old one is let go of by registry_config() saying another
 * and one more second. */
void registry_reload(struct registry *r, const struct config *config);
const struct config *registry_config(const struct registry *r);

/* What people said, anew, any thread: the registry's own from now on. The keeper takes it
 * up at its next tick: names, mergers, and who is archived. */
void registry_use_names(struct registry *r, struct site_names *names);
/* What holds now; NULL: nothing. Good for ten seconds after it was replaced. */
const struct site_names *registry_names(const struct registry *r);

/* Any thread, by any of its names. NULL: no such live site. */
struct site *registry_by_key(const struct registry *r, struct slice key);
/* Exact hosts first, then the longest *.suffix. */
struct site *registry_by_host(const struct registry *r, struct slice host);
/* A host that auto_sites matches opens its site. *ret_why: 0, ERR_NOT_FOUND (matches
 * nothing), ERR_EXISTS (auto_sites_max is reached), ERR_FULL (no blank is ready:
 * sites_max, or this moment). Worker; never allocates. */
struct site *registry_open_host(struct registry *r, struct slice host, int *ret_why);

/* At start, before any other thread: a site that had opened by itself is opened again,
 * under the key it had. ERR_NOT_FOUND: auto_sites does not match its host any more.
 * ERR_EXISTS: it is there. ERR_FULL, ERR_NOSPACE, ERR_NOMEM: there is no room. */
int registry_reopen(struct registry *r, struct slice key, struct slice host,
                    struct instant now);

/* Any thread: of the first key that a site had, live or archived, by a walk. NULL: none. */
struct site *registry_kept(const struct registry *r, struct slice key);

/* Sites by index, for walking: NULL where nothing live is. */
size_t registry_limit(const struct registry *r);
struct site *registry_at(const struct registry *r, size_t index);
/* The same, archived ones too: what they counted is still to be saved. */
struct site *registry_kept_at(const struct registry *r, size_t index);
/* The same without asking whether it is live: for an index that came from a site. All zero
 * where none ever was. */
struct site *registry_site(const struct registry *r, size_t index);
/* Before any other thread: memory for a quarter-hour of a site, for hits_restore.
 * ERR_NOSPACE. */
int registry_back_quarter(struct registry *r, struct site *s, int64_t q);
size_t registry_count(const struct registry *r);
/* Ranges that sites have, archived ones too, of those there are (sites_max). */
size_t registry_used(const struct registry *r);

/* Keeper: one tick of every site, what reload asked for, blanks, old views and terms a
 * minute after they were replaced. ERR_NOSPACE while something has no memory to grow, or
 * a configured site none to begin; both are tried again at each tick. */
int registry_keep(struct registry *r, struct graces *g, struct instant now,
                  struct registry_report *ret_report);

/* The clock was set back by more than 15 minutes. Keeper: first with finish = false,
 * then, a grace later, with true. ERR_NOSPACE: what some site had counted of days to come
 * is in its total only. */
int registry_set_back(struct registry *r, struct instant now, bool finish);
/* Any thread: what all sites counted on days that are still to come. */
struct days_ahead registry_days_ahead(const struct registry *r, struct instant now);

#endif
