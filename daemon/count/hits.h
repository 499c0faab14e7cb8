/* Floor 2 (count). Views and visits of one site over time: a ring of 12 s slots that
 * workers add to, minutes and quarter-hours that the keeper assigns from whole slots, and
 * the days it has folded away. Everything is in the arena and holds at every instruction:
 * total computed from the arena alone is exactly what was added. Why each step is safe is
 * said where it is taken: hits.c (workers), hits_keep.c and hits_set_back.c (keeper),
 * hits_read.c (reading).
 * Slots are absolute: floor(unix_ms / 12000); quarters are slot / 75, minutes slot / 5. */
#ifndef LUOT_COUNT_HITS_H
#define LUOT_COUNT_HITS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    RING_SLOTS = 600, /* 2 h                                    */
    LATE_SLOTS = 75,  /* a visit may be dated up to 15 min back */
    QUARTER_SLOTS = 75,
    MINUTE_SLOTS = 5,
    QUARTERS = 3456, /* 36 days */
    MINUTES = 1440
};

struct hit_count {
    uint64_t views, visits;
};

/* The stored days: everything of quarters < through_q that this arena counted. */
struct hits_base {
    _Atomic int64_t through_q;
    _Atomic uint64_t views, visits; /* check words of through_q */
};

struct hits {
    /* The ring has no checks, workers write it: what is seen of damage there, and what not,
     * is in count/hits_seal.h. */
    _Atomic uint64_t ring[RING_SLOTS];     /* tag:12 | visits:26 | views:26            */
    _Atomic uint64_t minute[MINUTES];      /* tag:8 | visits:28 | views:28, saturating */
    _Atomic uint64_t quarter[QUARTERS][2]; /* visits, views: tag:16 | count:48         */
    _Atomic int64_t floor_q;               /* visits are dated at or after 75*floor_q  */
    _Atomic int64_t rolled_q;              /* quarters < rolled_q are final            */
    /* The quarter this arena began in: quarters before it were restored from a store,
     * they show in sliding windows and are in no sum of ours. */
    _Atomic int64_t first_q;
    _Atomic uint64_t base_i; /* base[base_i & 1] is valid */
    struct hits_base base[2];
    /* Counted in total, in no quarter; a site books it to a day (count/site_aside). */
    _Atomic uint64_t overrun_visits, overrun_views;
    _Atomic uint64_t
        late; /* pages (count/hits_pages.h):16 | visits moved up to the floor:48 */
};

/* A fresh ring whose first quarter is now's. Before any worker. Memory is zero. */
void hits_init(struct hits *h, int64_t now_slot);

/* Worker, inside a turn. `now_slot` (W) and `floor_q` were read when the turn began
 * (hits_floor). */
int64_t hits_floor(const struct hits *h);
/* The slot a visit of `slot` is counted in; *ret_late when it was moved up (the caller
 * adds those to h->late). Later than now_slot only while the clock is being set back. */
int64_t hits_date(int64_t slot, int64_t now_slot, int64_t floor_q, bool *ret_late);
/* Adds; once a site, slot and turn. What a word cannot take, or may not yet, is counted
 * in overrun. */
void hits_add(struct hits *h, int64_t slot, uint32_t visits, uint32_t views);
/* The same of what hits_date dated after now: there is no slot for it until the clock has
 * been set back. Overrun. */
void hits_add_undated(struct hits *h, uint32_t visits, uint32_t views);

/* Keeper. A tick is: hits_assign (all open quarters and their minutes), then, where
 * hits_closable says a quarter, close it: hits_close_begin, wait for a grace,
 * hits_close_finish. Many quarters can be closed by one grace. All of it may be late, run
 * twice, or be killed inside. */
void hits_assign(struct hits *h, int64_t now_slot);
/* Whether that may move the stored days: they are nearly 36 days behind. */
bool hits_folds_alone(const struct hits *h);
/* The q that hits_close_begin may be given now: quarters < q are older than what may
 * still be dated. == rolled_q: none. */
int64_t hits_closable(const struct hits *h, int64_t now_slot);
void hits_close_begin(struct hits *h, int64_t until_q);
/* Closes rolled_q .. floor_q - 1, so the grace must have begun after the last
 * close_begin or set_back_begin. */
void hits_close_finish(struct hits *h);
/* The same in steps of so many quarters, between which days can be folded. True: there
 * are more. */
bool hits_close_some(struct hits *h, int64_t quarters);
/* Moves quarters < until_q (<= rolled_q) into the stored days; absolute and
 * idempotent. */
void hits_fold(struct hits *h, int64_t until_q);
/* The clock was set back, and workers' next turns already have the new time: begin,
 * grace, finish. Both do nothing when now's quarter is still open. Total stays exact.
 * Back by up to some 75 min, hits dated after now stay where they are and show when their
 * time comes; else finish returns true: what was counted in quarters >= now's is in total
 * only, and those quarters begin again at 0. Whoever wants to know of which days it was
 * asks hits_set_back_restarts when all is closed, reads those days, and calls hits_restart
 * in place of finish; that may be done again from its beginning, as often as it is killed.
 * Quarter-hours that are counted twice are not added up: here they are the later count, in
 * a store the greater one. */
void hits_set_back_begin(struct hits *h, int64_t now_slot);
bool hits_set_back_finish(struct hits *h, int64_t now_slot);
bool hits_set_back_restarts(const struct hits *h, int64_t now_slot);
void hits_restart(struct hits *h, int64_t now_q);
/* Adoption, after hits_check_place (count/hits_seal.h): whether the stored days hold their
 * checks. MENDED: the copy before them did, and what it lacks was in the quarters. LOST:
 * both are damaged; they are 0 now. Checks of version 1's are made. */
enum hits_state { HITS_WHOLE, HITS_MENDED, HITS_LOST };
struct damage; /* count/damage.h, of what is found; may be NULL */
enum hits_state hits_check(struct hits *h, struct damage *d);
/* Before any worker: the stored days become such that hits_total is no less than this.
 * True: it was. */
bool hits_raise_total(struct hits *h, struct hit_count least);
/* The keeper, or before any worker: the stored days become so much more, in one step. */
void hits_add_stored(struct hits *h, struct hit_count more);
/* Adoption, before any worker: rolls to now and zeroes ring words that a new lap could
 * mistake (that alone: hits_sweep). True as hits_set_back_finish, when the clock is behind
 * what the arena has seen. */
void hits_sweep(struct hits *h);
bool hits_adopt(struct hits *h, int64_t now_slot);
/* Restoring from a store, before any worker: a quarter < first_q, for sliding windows and
 * series. */
void hits_restore(struct hits *h, int64_t q, struct hit_count count);

/* Any thread, at any time. */
struct hit_count hits_quarter(const struct hits *h, int64_t q);
/* Sum of quarters [from_q, until_q); with `own`, only those this arena counted (q >=
 * first_q). */
struct hit_count hits_sum(const struct hits *h, int64_t from_q, int64_t until_q,
                          bool own);
/* The first slot at or after `from`, which is not closed, that the ring has a word of; -1:
 * none. */
int64_t hits_next_slot(const struct hits *h, int64_t from);
/* Whether the ring has a word of that very slot. */
bool hits_has_slot(const struct hits *h, int64_t slot);
/* One minute (slot / 5); false when the ring of minutes and slots no longer has it. */
bool hits_minute(const struct hits *h, int64_t minute, struct hit_count *ret_count);
/* Sliding: slots (now_slot - slots, now_slot]; whole quarters from quarters, the edges
 * from slots where the ring has them, else the quarter's share by time. */
struct hit_count hits_window(const struct hits *h, int64_t now_slot, int64_t slots);
/* base + overrun + sum of value(q), q >= through_q: exactly what was added since
 * hits_init. */
struct hit_count hits_total(const struct hits *h);

/* A test's seam, called before each CAS and each store of the keeper, with where it is.
 * Only with -DLUOT_SEAMS (stress tests). */
#ifdef LUOT_SEAMS
extern void (*hits_seam)(const char *where);
#endif

#endif
