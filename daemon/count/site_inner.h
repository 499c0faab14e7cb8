/* Floor 2 (count), private to site_*.c: what the files of a site share. */
#ifndef LUOT_COUNT_SITE_INNER_H
#define LUOT_COUNT_SITE_INNER_H

#include "count/site.h"

enum { HOUR_SLOTS = 300, DAY_SLOTS = 7200, WEEK_SLOTS = 50400, SLOT_S = SLOT_MS / 1000 };

/* A stress test's seam, as HITS_SEAM. */
#ifdef LUOT_SEAMS
#define SITE_SEAM(where)                                                                 \
    do {                                                                                 \
        if (hits_seam != NULL)                                                           \
            hits_seam(where);                                                            \
    } while (0)
#else
#define SITE_SEAM(where) ((void)0)
#endif

#define SKETCH_ERROR      (0.649 / 64) /* of count/distinct: 0.649 / sqrt(4096) */

/* Words of site's peer_most and peer_live. */
#define PEER_COUNT_MOST   (((uint64_t)1 << 44) - 1)
#define PEER_EXACT        ((uint64_t)1 << 44)
#define PEER_ONCE         ((uint64_t)1 << 45)
#define PEER_NUMBER_SHIFT 46

static inline const struct site_terms *site_terms_of(const struct site *s)
{
    return atomic_load_explicit(&s->terms, memory_order_acquire);
}

/* --- The keeper's graces --- */

/* The grace that begins after this moment. */
static inline uint64_t graces_ticket(const struct graces *g)
{
    return g->begun + 1;
}

static inline bool graces_is_over(const struct graces *g, uint64_t ticket)
{
    return g->over >= ticket;
}

/* --- Visitors (site_visitor.c) --- */

/* Is it a new visit? Tells the table of each key that has begun, and the lane what they say
 * of his visitor; *ret_first_today is set when it is his first view of the day. A worker, in
 * a turn. */
bool site_identify(struct site *s, struct site_lane *lane, const struct visit *visit,
                   int64_t slot, bool *ret_first_today);

/* --- Keys (site_keys.c) --- */

/* The newest key whose period had begun at a slot, among linked ones; else the oldest
 * linked one; -1: none. */
int site_key_for(const struct site *s, int64_t slot);
/* The same, and its table is not punched before site_let_go. For who reads words,
 * matrices or HyperLogLogs outside a turn. */
int site_hold_key_for(const struct site *s, int64_t slot);
void site_let_go(const struct site *s, int key);
bool site_key_is_linked(const struct site *s, unsigned i);
/* Makes, retires and erases keys and their tables. Keeper. */
int site_keep_keys(struct site *s, struct arena *a, const struct graces *g,
                   int64_t now_slot);
/* Erases what was half made, was going, or is over. Before any worker. */
void site_adopt_keys(struct site *s, struct arena *a, int64_t now_slot);

/* Erases a key that nodes do not share and nobody came under, where the ring has the one that
 * they share: the next tick makes that. Before any worker, when words are counted. */
void site_adopt_sharing(struct site *s, struct arena *a);
/* When a key that began at `from_slot` is over, as things are configured now. */
int64_t site_key_gone_by(const struct site *s, int64_t from_slot);

/* --- Rows that outlive their table (site_rows.c) --- */

/* The visitors of the days, weeks and months at a slot and before it. Keeper. */
void site_keep_rows(struct site *s, int64_t slot);
/* Counted in s->damage and the arena, before the word that is wrong is written; lost, and
 * then found again after all. */
void site_mend(struct site *s);
void site_lose(struct site *s);
void site_lost_one_less(struct site *s);
/* What hits and rows say is believed, had again from elsewhere, or counted in s->damage.
 * `last`: the last slot that was seen; `kept`: that of the keeper's last whole tick; `alive`:
 * hits_adopting. Before any worker (site_check.c). */
void site_check(struct site *s, int64_t last, int64_t kept, bool alive);
/* Moves whole days whose quarters are closed to the stored days, with a row each. */
void site_fold_days(struct site *s);
/* Visitors in rows of months after this one: of a clock that was ahead. */
uint64_t site_later_months(const struct site *s, int64_t month, bool *ret_exact);
/* A day's, without what is kept aside. Keeper. */
struct hit_count site_counted_hits(const struct site *s, const struct period *day);
struct hit_count site_own_hits(const struct site *s, const struct period *day);
/* The store's part of a day, added to `metric`. */
void site_add_stored_day(const struct site *s, int64_t day, bool with_imported,
                         uint64_t metric[METRIC_KINDS]);
/* The row alone, 0 when it is another period's. `other`: the store's part. */
uint64_t site_row_visitors(const struct site *s, enum period_kind kind, int64_t number,
                           bool *ret_exact);
uint64_t site_other_visitors(const struct site *s, enum period_kind kind, int64_t number);
/* Is what the store knows of it an estimate (site_set_about)? */
bool site_is_about(const struct site *s, enum period_kind kind, int64_t number);
bool site_total_is_about(const struct site *s);

/* --- Scans of sliding windows (site_scan.c) --- */

struct site_scanned {
    int64_t slot;
    uint64_t online, joins, hour, day, week;
    unsigned table;
    bool exact;
};
/* Looks at every visitor. */
struct site_scanned site_scan_now(const struct site *s, int64_t now_slot);
/* The keeper's scan of this slot, or a new one where that is cheap. `fresh`: with who
 * came since, too. */
struct site_scanned site_scan_for(const struct site *s, int64_t now_slot, bool fresh);
/* Once a slot. Keeper. */
void site_publish_scan(struct site *s, const struct site_scanned *scan);

/* The last seven days as a sum of days, for keys of a day (site_span.c). */
uint64_t site_visitors_of_days(const struct site *s, int64_t now_slot, bool *ret_exact);

/* The quarter to close next (site_keep.c). */
int64_t site_closable(const struct site *s, int64_t now_slot);

struct visit_periods site_periods(const struct site_terms *terms, int64_t slot);

#endif
