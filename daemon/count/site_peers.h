/* Floor 2 (count). What other runs say of a site, beside what this arena counted: memory
 * of the process, never of the arena. The nodes thread installs one immutable object a
 * site; any thread reads it without a lock: it counts itself in and out, as with keys, so
 * an object that was replaced goes when nobody looks at it.
 *
 *   online, last hour, 24 h, 7 d   ours and the others', as their sheets say. A visitor
 *                                  fades by the slot of its word; views and visits of a
 *                                  run that is silent fall away by twelfths of the window
 *   today, week, month: visitors   the union where keys are equal, else the sum, and it
 *                                  says so; views and visits come from rows (site_set_day)
 *
 * A run's rows and its sheet never both add to one number: site_peers_set_live says what
 * of a stored row is other runs', and that part gives way to their sheets and to `rest`,
 * which is of runs without one. */
#ifndef LUOT_COUNT_SITE_PEERS_H
#define LUOT_COUNT_SITE_PEERS_H

#include "count/sheet.h"
#include "count/site.h"

enum {
    PEERS_MAX = 32,       /* other runs a site is added up from    */
    PEER_SILENT_SLOTS = 3 /* not heard of for so long: it is gone  */
};

struct peer {
    struct sheet sheet;
    const _Atomic int64_t *heard_slot; /* of its run; by our clock; the nodes thread's */
    const uint32_t *earlier[SHEET_KEYS]; /* per word: the latest slot - base that a peer
                                            before this one has for it, 0: none          */
};

/* Visitors of a period by runs that have no sheet: what their rows say. */
struct peers_rest {
    int64_t number;
    uint64_t visitors;
    bool exact;
    bool awaits; /* some are left out, whose sheets are still to come */
};

/* HyperLogLogs, ours and theirs, made one when the object was: what they have beyond ours. */
struct peers_about {
    bool has;
    uint64_t key_id, extra;
};

struct site_peers {
    struct site_peers *next; /* of those that wait to be freed: the nodes thread's */
    const struct site *site; /* where it was installed                             */
    unsigned count;
    struct peer *peer;
    struct peers_rest rest[SHEET_PERIODS];
    struct peers_about about[SHEET_WINDOWS];
    size_t bytes; /* of memory, all of it */
};

/* --- The nodes thread --- */
/* From the sheets as they came, each of one other run. A sheet that is none is left out and
 * counted in *ret_refused. NULL: no memory, or nothing to say. */
struct sheet_bytes {
    struct slice bytes;
    const _Atomic int64_t *heard_slot;
};
struct site_peers *site_peers_new(const struct sheet_bytes *sheet, size_t n,
                                  const struct peers_rest rest[SHEET_PERIODS],
                                  unsigned *ret_refused);
void site_peers_free(struct site_peers *p);
/* Makes the HyperLogLogs of windows that need them one with ours. Before installing. */
void site_peers_join(struct site_peers *p, const struct site *s, struct instant now);
/* Readers have `p` (NULL: none) from now on; returns what they had. */
struct site_peers *site_peers_install(struct site *s, struct site_peers *p);
/* Nobody looks at an object that was replaced before this call. */
bool site_peers_unread(const struct site *s);
/* Keeps what is to be answered of today, this week and this month, for when they are over:
 * then the sheets have moved on. Whenever something changed, here or there; who asks does
 * the same. Costs a union of each. */
void site_peers_note(const struct site *s, struct instant now);
/* Does it mark visitors with a key that we have? */
bool site_shares_key(const struct site *s, const struct sheet *sheet);
/* This run's own sheet. `work` is the caller's: it is large. ERR_FULL. */
struct sheet_work {
    uint64_t word[SHEET_KEYS][2 * SHEET_WORDS];
    struct hll hll;
    uint8_t bytes[SHEET_WINDOWS][HLL_REDIS_MAX];
};
int site_sheet(const struct site *s, struct instant now, struct sheet_work *work,
               struct buffer *out);

/* --- The reader thread --- */
/* How many visitors of a stored period are other runs', counted live. `once`: of one run,
 * so nobody is two of them. */
void site_peers_set_live(struct site *s, enum period_kind kind, int64_t number,
                         uint64_t visitors, bool once);

/* --- Any thread, for site_span.c and its kin --- */
/* Of a sliding window, added to ours. `key` is the table that answers it (-1: none), which
 * the caller holds. */
void site_peers_add(const struct site *s, enum sheet_window window, int64_t now_slot,
                    int64_t from_slot, int key, struct site_numbers *n);
/* Visitors of a day, week or month: `own` is ours, `stored` what the store's rows add.
 * `shared`: one key answers all of it. */
void site_peers_period(const struct site *s, enum period_kind kind,
                       const struct period *p, int64_t now_slot, bool shared,
                       uint64_t own, uint64_t stored, struct site_numbers *n);
/* Our own views and visits in the last `slots`; without what was restored from the store
 * when other runs are there to say it themselves. */
struct hit_count site_own_window(const struct site *s, int64_t now_slot, int64_t slots);

#endif
