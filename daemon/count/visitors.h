/* Floor 2 (count). The visitors of one site under one key: an open table of words fp:44 |
 * engaged:1 | last-seen slot:19 that never move, grown by opening the next part, with
 * first-in-this-period decided by the CAS that moves "last seen". Exact up to 393,216
 * visitors; beyond that the matrix (count/distinct) counts and the last part is the
 * session table. Why it holds: visitors.c, visitors_keep.c, visitors_session.c. */
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
    VISITORS_NOWHERE = VISITORS_WORDS, /* no word's place */
    VISITORS_IN_BLOCK = 512 /* words of parts 0 and 1: backed with the table's start */
};

enum period_kind { PERIOD_HOUR, PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_KINDS };
enum visitors_mode { VISITORS_EXACT, VISITORS_FILLING, VISITORS_SKETCHED };

/* The periods a slot lies in, with where they began. Computed from the site's zone by
 * count/period, cached by a worker. */
struct visit_periods {
    int64_t from_slot, until_slot; /* this answer holds for slots in [from, until) */
    int64_t start[PERIOD_KINDS];   /* first slot of the period of each kind        */
    uint32_t number[PERIOD_KINDS]; /* local hours, days, weeks, months since 1970  */
    int64_t online_after;          /* online now: seen in a slot after this one    */
    int64_t idle_slots;            /* a visit ends after so many                   */
};

/* The head of a table, in the arena (the site's block). All zero: no table. */
struct visitors {
    _Atomic uint32_t cur;      /* newest open part; only grows                       */
    _Atomic uint32_t ready;    /* parts backed; only grows; the keeper's             */
    _Atomic uint32_t mode;     /* enum visitors_mode; the keeper's                   */
    _Atomic uint32_t linked;   /* 0: free, not read by workers                       */
    _Atomic uint64_t words;    /* occupied                                           */
    _Atomic uint64_t unplaced; /* visits that found no room: the site is not exact   */
    _Atomic uint64_t joins;    /* first in the online window; only grows             */
    _Atomic int64_t base_slot; /* absolute slot s is stored as s - base_slot, from 1 */
    /* tag:24 (number + 1) | count:40, index number % 4. */
    _Atomic uint64_t tally[PERIOD_KINDS][4];
    /* Filling and sketched mode; the keeper's. */
    _Atomic uint32_t fill;          /* 0 not begun by this process, 1 begun, 2 done */
    _Atomic uint32_t day_number[2]; /* the local day + 1 that day[i] holds; 0: none */
    _Atomic int64_t day_start[2];   /* its first slot; 0 until it has begun         */
    _Atomic uint32_t sketched_from[PERIOD_KINDS]; /* periods < this number closed exact */
    _Atomic uint64_t estimate[PERIOD_KINDS][4];   /* like tally: the greatest so far    */
};

/* The same table as a process sees it: pointers into its own mapping. Value type, rebuilt
 * at start. */
struct visitors_table {
    struct visitors *head;
    _Atomic uint64_t *word;  /* VISITORS_WORDS, backed as far as head->ready says       */
    struct distinct *matrix; /* backed from FILLING on                                  */
    struct hll *day[2];      /* of local days, index number % 2; backed from FILLING on */
    struct hll *month;       /* everything of this key; backed from FILLING on          */
};

struct visitors_verdict {
    bool placed; /* false: unplaced, or before the table's first slot */
    bool new_visit;
    bool first_seen;  /* never seen under this key before (sketched mode: never said) */
    bool first_today; /* the visitor's first of this local day (sketched mode: only of a
                         visitor that the table still knows) */
    bool second_view; /* the second one of its visit, said once a visit; as new_visit, of
                         what the table still knows */
};

/* Part k is words [visitors_part_start(k), visitors_part_start(k + 1)). */
size_t visitors_part_start(unsigned part);

/* Worker, inside a turn. fp = visitors_fingerprint(hash). `slot` absolute; `p` must hold
 * for it. Never waits, never allocates. */
uint64_t visitors_fingerprint(uint64_t hash); /* 44 bits, 1 .. 2^44-2 */
struct visitors_verdict visitors_hit(const struct visitors_table *t, uint64_t fp,
                                     int64_t slot, const struct visit_periods *p);
/* The same of a visitor whose word was at *at when it was last met, or VISITORS_NOWHERE;
 * *at becomes where it is now. Only a guess: the word is looked at. */
struct visitors_verdict visitors_hit_at(const struct visitors_table *t, uint64_t fp,
                                        int64_t slot, const struct visit_periods *p,
                                        uint32_t *at);
/* Asks for the memory that visitors_hit_at will look at: of a visitor who was never met that
 * is where he would be in each part. */
void visitors_expect(const struct visitors_table *t, uint64_t fp, uint32_t at);
/* A ping: moves last seen of a visitor that is known and whose visit is still alive,
 * opens nothing. It does make the visitor one of a period it is the first sign of. True
 * when it was known. */
bool visitors_ping(const struct visitors_table *t, uint64_t fp, int64_t slot,
                   const struct visit_periods *p);

/* Keeper. */
/* The part to back now; false: none. Part 2 from 32 words on, later ones when the words
 * reach 5/8 of what is backed. One at a time: ask again after visitors_part_ready. */
bool visitors_wants_part(const struct visitors_table *t, unsigned *ret_part);
/* After backing it. */
void visitors_part_ready(const struct visitors_table *t, unsigned part);
bool visitors_wants_filling(const struct visitors_table *t); /* 11/16 of the whole */
/* Matrix and HyperLogLogs are backed: mode = FILLING. */
void visitors_fill_begin(const struct visitors_table *t, const struct visit_periods *now);
/* After a grace: replays every word. */
void visitors_fill_finish(const struct visitors_table *t, int64_t now_slot,
                          const struct visit_periods *now);
/* 3/4, and the fill is finished. */
bool visitors_wants_sketched(const struct visitors_table *t);
void visitors_sketched(const struct visitors_table *t);
/* Each second or so; nothing to do while exact. Readies the next day's HLL and sweeps the
 * matrix (once a day), and records the estimates of the open periods, so that their
 * numbers never fall and stay when they close. Also once before the workers start. */
void visitors_tick(const struct visitors_table *t, int64_t now_slot,
                   const struct visit_periods *now);
/* Visitors seen in slots > now_slot - slots, by one scan (exact) or the matrix
 * (sketched). */
struct visitors_scan {
    uint64_t count; /* rounded                           */
    uint64_t joins; /* head->joins before the scan began */
    bool exact;
};
struct visitors_scan visitors_window(const struct visitors_table *t, int64_t now_slot,
                                     int64_t slots);
/* Several windows in one scan; `slots` ascending or not, n <= 8. */
void visitors_windows(const struct visitors_table *t, int64_t now_slot,
                      const int64_t *slots, size_t n, struct visitors_scan *ret_scans);
/* Adoption, before any worker: words, and the tallies of the youngest slot's periods,
 * assigned by one scan. `periods_at` finds the periods of a slot (count/period). FILLING
 * is done again by the keeper. `jumped`: the clock has, so who is on a day's first slot may
 * be parked there (visitors_reset.c), and is none of that day's. */
void visitors_adopt(const struct visitors_table *t,
                    void (*periods_at)(void *context, int64_t slot,
                                       struct visit_periods *ret),
                    void *context, bool jumped);
/* Adoption, before that: what somebody else changed in the head, as far as the words and
 * these tell: its base_slot, and `ready` as it was sealed (0: it was not). How many. */
struct damage; /* count/damage.h, where it is noted; may be NULL */
unsigned visitors_mend(const struct visitors_table *t, int64_t base_slot, unsigned ready,
                       struct damage *d);
/* After it: who was seen after last_slot was seen then. How many. */
unsigned visitors_mend_dates(const struct visitors_table *t, int64_t last_slot,
                             struct damage *d);
/* Adoption: a period that is over never had more than this. How many words said so. */
unsigned visitors_lower(const struct visitors_table *t, enum period_kind kind,
                        uint32_t number, uint64_t most, struct damage *d);
/* A new table: zero memory, parts 0 and 1 backed. Its owner links it (head->linked) when
 * the key is in place too. */
void visitors_init(const struct visitors_table *t, int64_t base_slot);
/* The table ends: nobody links it any more, and a grace is over. Its words, matrix and
 * HyperLogLogs are the owner's to punch. */
void visitors_clear(const struct visitors_table *t);
/* The clock was set back from was_slot, and every turn has the new time: who was seen
 * later today was seen now, who was seen on days to come was not seen today, and periods to
 * come have no visitors yet. `until`: where the periods of now end. Beside workers. */
void visitors_set_back(const struct visitors_table *t, int64_t was_slot, int64_t now_slot,
                       const struct visit_periods *now,
                       const int64_t until[PERIOD_KINDS]);

/* Any thread. The visitors of a period that this table answers: the tally, or in sketched
 * mode max(tally, estimate), the estimate being what visitors_tick recorded last. */
uint64_t visitors_of_period(const struct visitors_table *t, enum period_kind kind,
                            uint32_t number, bool *ret_exact);
/* Every fp as the HyperLogLog of the visitors since `since_slot`. Exact mode: from the
 * words. Else the days' when they reach back to since_slot, else the month's: in sketched
 * mode only the starts of today and of the key are answered to the slot. */
void visitors_hll(const struct visitors_table *t, int64_t since_slot,
                  struct hll *ret_hll);
/* The newest words, fp << 20 | slot - base_slot, whole slots only: all visitors that were
 * last seen at or after *ret_since_slot are among them. `ret_word` has room for 2 * limit;
 * at most `limit` are returned. INT64_MAX: the table no longer knows all of them. */
size_t visitors_newest(const struct visitors_table *t, size_t limit, uint64_t *ret_word,
                       int64_t *ret_since_slot);
/* When a visitor was last seen. false: never, under this key. Held as for a scan. */
bool visitors_last_seen(const struct visitors_table *t, uint64_t fp, int64_t *ret_slot);

#ifdef LUOT_SEAMS
/* Before each CAS, and between the passes. */
extern void (*visitors_seam)(const char *where);
#endif

#endif
