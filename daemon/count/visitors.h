/* Floor 2 (count). The visitors of one site under one key: an open table of words fp:44 | last-seen slot:20 that never move,
 * grown by opening the next part, with first-in-this-period decided by the CAS that moves "last seen". Exact up to 393,216
 * visitors; beyond that the matrix (count/distinct) counts and the last part is the session table.
 * Source, with the proofs: reference protocol, sections 3 to 5. */
#ifndef LUOT_COUNT_VISITORS_H
#define LUOT_COUNT_VISITORS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count/distinct.h"
#include "count/hll.h"

enum {
    VISITORS_WORDS = 524288, /* the whole table: 4 MiB, in the site's range           */
    VISITORS_PARTS = 10,     /* ends: 64, 512, 4096, 8192, ... 524288                 */
    VISITORS_IN_BLOCK = 512  /* words of parts 0 and 1: backed with the table's start */
};

enum period_kind { PERIOD_HOUR, PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_KINDS };
enum visitors_mode { VISITORS_EXACT, VISITORS_FILLING, VISITORS_SKETCHED };

/* The periods a slot lies in, with where they began. Computed from the site's zone by count/period, cached by a worker. */
struct visit_periods {
    int64_t from_slot, until_slot;    /* this answer holds for slots in [from, until)    */
    int64_t start[PERIOD_KINDS];      /* first slot of the period of each kind           */
    uint32_t number[PERIOD_KINDS];    /* its number: local hours, days, weeks, months since 1970 */
    int64_t online_slots, idle_slots; /* the site's windows                              */
};

/* The head of a table, in the arena (the site's block). All zero: no table. */
struct visitors {
    _Atomic uint32_t cur;      /* newest open part; only grows                          */
    _Atomic uint32_t ready;    /* parts backed; only grows; the keeper's                */
    _Atomic uint32_t mode;     /* enum visitors_mode; the keeper's                      */
    _Atomic uint32_t linked;   /* 0: free, not read by workers                          */
    _Atomic uint64_t words;    /* occupied                                              */
    _Atomic uint64_t unplaced; /* visits that found no room: the site is not exact      */
    _Atomic uint64_t joins;    /* first in the online window; only grows                */
    _Atomic int64_t base_slot; /* absolute slot s is stored as s - base_slot, from 1    */
    _Atomic uint64_t tally[PERIOD_KINDS][4]; /* tag:24 (number + 1) | count:40, index number % 4 */
};

/* The same table as a process sees it: pointers into its own mapping. Value type, rebuilt at start. */
struct visitors_table {
    struct visitors *head;
    _Atomic uint64_t *word;       /* VISITORS_WORDS, backed as far as head->ready says */
    struct distinct *matrix;      /* backed from FILLING on                            */
    struct hll *day[2];           /* of local days, index number % 2; backed from FILLING on */
    struct hll *month;            /* everything of this key; backed from FILLING on    */
};

struct visitors_verdict {
    bool placed;    /* false: unplaced, or before the table's first slot */
    bool new_visit;
    bool first_seen; /* never seen under this key before */
};

/* Part k is words [visitors_part_start(k), visitors_part_start(k + 1)). */
size_t visitors_part_start(unsigned part);

/* Worker, inside a turn. fp = visitors_fingerprint(hash). `slot` absolute; `p` must hold for it. Never waits, never allocates. */
uint64_t visitors_fingerprint(uint64_t hash); /* 44 bits, 1 .. 2^44-2 */
struct visitors_verdict visitors_hit(const struct visitors_table *t, uint64_t fp, int64_t slot,
                                     const struct visit_periods *p);
/* A ping: moves last seen of a visitor that is known and online, opens nothing. True when it was known. */
bool visitors_ping(const struct visitors_table *t, uint64_t fp, int64_t slot,
                   const struct visit_periods *p);

/* Keeper. */
/* What must be backed now: the part, or parts, to back next. false: nothing. `ahead`: visitors' room is running out. */
bool visitors_wants_part(const struct visitors_table *t, unsigned *ret_part);
void visitors_part_ready(const struct visitors_table *t, unsigned part); /* after backing it */
bool visitors_wants_filling(const struct visitors_table *t);  /* 11/16 of the whole */
void visitors_fill_begin(const struct visitors_table *t);     /* matrix and HLLs are backed: mode = FILLING */
void visitors_fill_finish(const struct visitors_table *t, int64_t now_slot,
                          const struct visit_periods *now); /* after a grace: replays every word */
bool visitors_wants_sketched(const struct visitors_table *t); /* 3/4, and the fill is finished */
void visitors_sketched(const struct visitors_table *t);
/* Visitors seen in slots > now_slot - slots, by one scan (exact) or the matrix (sketched). */
struct visitors_scan {
    uint64_t count;  /* rounded                                   */
    uint64_t joins;  /* head->joins before the scan began         */
    bool exact;
};
struct visitors_scan visitors_window(const struct visitors_table *t, int64_t now_slot, int64_t slots);
/* Several windows in one scan; `slots` ascending or not, n <= 8. */
void visitors_windows(const struct visitors_table *t, int64_t now_slot, const int64_t *slots,
                      size_t n, struct visitors_scan *ret_scans);
/* Adoption, before any worker: words, and the tallies of the youngest slot's periods, assigned by one scan. `periods_at` finds
 * the periods of a slot (count/period). FILLING is done again by the keeper. */
void visitors_adopt(const struct visitors_table *t,
                    void (*periods_at)(void *context, int64_t slot, struct visit_periods *ret),
                    void *context);
/* A new table: zero memory, parts 0 and 1 backed. */
void visitors_init(const struct visitors_table *t, int64_t base_slot);

/* Any thread. The visitors of a period that this table answers: the tally, or in sketched mode max(tally, estimate) (estimate
 * by the matrix for slots >= start, when the period is still open). */
uint64_t visitors_of_period(const struct visitors_table *t, enum period_kind kind, uint32_t number,
                            bool *ret_exact);
/* Every fp as the HyperLogLog of the visitors since `since_slot` (exact mode: from the words; else `month` or `day`). */
void visitors_hll(const struct visitors_table *t, int64_t since_slot, struct hll *ret_hll);

#ifdef LUOT_SEAMS
extern void (*visitors_seam)(const char *where); /* before each CAS */
#endif

#endif
