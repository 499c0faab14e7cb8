/* Floor 2 (count). One site: its block in the arena (everything that must survive kill
 * -9), its tables of visitors, and the settings it runs under. Who may do what: workers
 * call site_visit and site_lane_flush inside their turn; the keeper alone calls what is
 * declared under "Keeper"; the reader thread alone sets history and seeds; anyone reads
 * numbers at any time.
 *
 *   a site's range of 32 MiB (virtual; only what is `ready` is backed):
 *   0           1 MiB               13 MiB       13.75 MiB      16 MiB
 *   | block 84K | 3 tables of 4 MiB | 3 matrices | 3 x 3 HLLs | tops and pages |
 *
 * Of the block 48K are pages of quarter-hours, each backed when a view falls into it
 * (count/site_quarters.h). The block's last page holds its seal too (count/site_seal.h),
 * the tops' first page the engaged visits (site_engaged.h). At the range's end lies what
 * the site does not count (site_refused.h), and in the first range, whoever's it is, the
 * senders of signed datagrams (senders.h). */
#ifndef LUOT_COUNT_SITE_H
#define LUOT_COUNT_SITE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/hash.h"
#include "base/store_where.h"
#include "count/hits.h"
#include "count/key_ring.h"
#include "count/met.h"
#include "count/period.h"
#include "count/rate.h"
#include "count/regulars.h"
#include "count/site_engaged.h"
#include "count/site_refused.h"
#include "count/site_tops.h"
#include "count/turn.h"
#include "count/visitors.h"
#include "identify/visit.h"

enum {
    SITE_RANGE_BYTES = 32 << 20,
    SITE_DAYS = 80, /* day rows kept at hand: this month and the whole of last month */
    SITE_WEEKS = 8,
    SITE_MONTHS = 64,
    SITE_KEYS = 3, /* key epochs at once: the one before, the current and the next one */
    METRIC_KINDS = 3,
    SITES_LIMIT = 20000 /* ranges an arena can have; sites_max says how many are used */
};

enum site_state { SITE_FREE, SITE_BLANK, SITE_OPENING, SITE_LIVE, SITE_ARCHIVED };

struct count3 { /* one number of each metric, any thread */
    _Atomic uint64_t views, visits, visitors;
};

/* Row day % SITE_DAYS. Its own visitors are the most that were seen so far, so that they
 * outlive their table; its own views and visits are valid, and final, once the day is
 * folded. */
struct site_day {
    _Atomic int64_t own_tag;    /* day + 1 when `own` is that day's (the keeper's) */
    struct count3 own;          /* check words of the day */
    _Atomic uint64_t own_exact; /* the visitors                                  */
    _Atomic int64_t other_tag;  /* day + 1 when the two below are (the reader's) */
    struct count3 other; /* earlier incarnations, adjustments; as two's complement */
    struct count3 imported;
};

struct site_row { /* visitors of a week or month, row number % N */
    _Atomic int64_t own_tag;
    _Atomic uint64_t own_visitors, own_exact; /* the first: a check word of it */
    _Atomic int64_t other_tag;
    _Atomic uint64_t other_visitors;
};

/* What `luotctl seed` says: at as_of the numbers were these. */
struct site_seed {
    int64_t as_of_s; /* 0: no seed */
    uint64_t total, today, week, month;
    /* Counted live before as_of. */
    uint64_t offset_total, offset_today, offset_week, offset_month;
    uint32_t has_today, has_week, has_month;
};

/* What the store knows beyond this arena, already summed. */
struct site_totals {
    uint64_t live[METRIC_KINDS];     /* earlier incarnations                           */
    uint64_t imported[METRIC_KINDS]; /* imported rows that count (all, or since as_of) */
    int64_t adjusted[METRIC_KINDS];
    int64_t since_day; /* first local day with a number; INT64_MAX: none */
};

/* Both as they lie in the block: words that are copied while nobody else writes them. */
struct site_history {
    struct site_seed seed[METRIC_KINDS];
    struct site_totals totals;
};
enum { HISTORY_WORDS = sizeof(struct site_history) / sizeof(uint64_t) };

struct site_key {
    struct hash_key key; /* written before `linked` of its table, erased after a grace */
    _Atomic int64_t from_slot; /* first slot of the period it belongs to            */
    _Atomic int64_t gone_slot; /* it is erased from here on, whatever is configured */
    _Atomic uint32_t state;    /* enum key_state                                    */
    _Atomic uint32_t readers;  /* that look at its table now: it is not punched     */
};
enum key_state { KEY_FREE, KEY_LINKED, KEY_RETIRING };

/* Is a key the one that all nodes have? Not known until the ring has that one. */
enum key_sharing { SHARING_UNKNOWN, SHARING_SHARED, SHARING_OWN };

struct site_block {
    char key[64];
    char host[256];         /* of an auto site: the host that opened it */
    _Atomic uint32_t state; /* enum site_state                          */
    _Atomic int64_t created_s, first_live_s, last_view_s;
    struct hits hits;
    struct visitors visitors[SITE_KEYS];
    struct site_key keys[SITE_KEYS];
    _Atomic uint64_t import_key[2]; /* site_import_key() */
    struct site_day day[SITE_DAYS];
    struct site_row week[SITE_WEEKS];
    struct site_row month[SITE_MONTHS];
    _Atomic uint64_t history_version; /* odd while the words are written */
    _Atomic uint64_t history[HISTORY_WORDS];
    _Atomic uint64_t aside; /* check word of count/site_aside; 0: nothing is kept there */
};

/* The front of the arena, before the sites' ranges. A range that is not `made` is never
 * touched: reading a hole of a tmpfs file would allocate it. */
struct count_head {
    struct turns turns;
    _Atomic uint64_t kept_slot; /* of the keeper's last whole tick; a check word */
    /* COUNT_HEAD_MADE: the range's block is backed and whole. */
    _Atomic uint32_t made[SITES_LIMIT];
    /* Words that adoptions found changed and that nobody has said yet: a check word, written
     * before they are set right (count/damage.h does so for a site). In what was padding. */
    _Atomic uint64_t mended;
    /* Of each store that the settings name and that forgets nothing: place:16 | unix
     * seconds:32 of the last save that it has confirmed; check words. */
    _Atomic uint64_t confirmed[STORES_MAX];
};

/* Far from 0, so that one changed byte makes neither of the other; versions 1 and 2 of the
 * arena wrote 1. */
#define COUNT_HEAD_MADE UINT32_C(0xeb7dd7be)

/* The words of the head, which an adoption may find changed: what was there follows from the
 * ranges. How many, with those of earlier starts that were killed before they had said so. Before
 * the sites are looked at. */
unsigned count_head_check(struct count_head *head, const struct arena *a);
void count_head_told(struct count_head *head); /* it has been said; before any worker */
/* That store's own thread, after a save that a power cut does not take; unix seconds. */
void count_head_confirm(struct count_head *head, unsigned store, const char *where,
                        int64_t s);
/* 0: it is not known, or it is of another place. */
int64_t count_head_confirmed(const struct count_head *head, unsigned store,
                             const char *where);
int64_t count_head_kept(const struct count_head *head);
void count_head_keep(struct count_head *head, int64_t slot); /* keeper */

/* The settings a site runs under: immutable, swapped whole on reload, freed a grace
 * later. */
struct site_terms {
    uint64_t version;        /* no two of a process have the same        */
    struct site_terms *next; /* the registry's: of those that wait to be */
    uint64_t ticket;         /* freed, which is when this grace is over  */
    struct site_config config;
    struct zone *zone;
    struct calendar calendar;
    int64_t online_slots, idle_slots;
    struct rate_limit rate; /* site_rate_limit */
};

/* The keeper's last scan; readers check `version` (even, unchanged). */
struct site_scan {
    _Atomic uint64_t version;
    _Atomic int64_t slot;
    _Atomic uint64_t online, joins, hour, day, week; /* visitors of the last ... */
    _Atomic uint64_t table, exact;
};

struct site_peers;
struct site_seal;

/* What an adoption found changed by somebody else. */
struct site_damage {
    unsigned mended, lost; /* numbers that were had again from elsewhere, or were not; and
                              those of earlier starts that were not said (count/damage.h) */
    int64_t day;           /* one of those damaged; -1: none is a day's               */
    unsigned unread;       /* bit i: what was lost was had again without store i, whose
                              rows of it could not be read. Set by who raises it       */
};

/* Sites that have become part of this one: their keys, whose rows are its rows too, and
 * when that was said. */
struct site_merged {
    unsigned count;
    struct {
        char key[SITE_KEY_MAX + 1];
        int64_t at_ms; /* unix */
    } of[];
};

struct site { /* one a range, made at start, never moves */
    unsigned index;
    /* What people said of it (count/registry_names): the name that it goes by, NULL until
     * the registry has looked; and what was merged into it, or NULL. The registry's memory,
     * as long as it is open; any thread. */
    _Atomic(const char *) shown;
    _Atomic(const struct site_merged *) merged;
    struct site_block *block;
    struct site_seal *seal;
    struct visitors_table table[SITE_KEYS];
    _Atomic(struct site_terms *) terms;
    struct site_scan scan;
    struct key_ring *ring; /* keys that nodes share; NULL: each has its own */
    _Atomic uint32_t sharing[SITE_KEYS]; /* enum key_sharing; the keeper's */
    uint64_t close_ticket;               /* keeper: graces, as the two below */
    uint64_t fill_ticket[SITE_KEYS], retire_ticket[SITE_KEYS];
    uint64_t scanned_terms; /* keeper: the version that the last scan was made under */
    /* Somebody came since the keeper looked; and, the keeper's own, the ticks since then,
     * and the slot and terms of the last one (site_is_due). */
    _Atomic bool stirred;
    unsigned quiet;
    int64_t quiet_slot;
    uint64_t quiet_terms;
    bool keys_changed; /* keeper: since the last scan                           */
    bool setting_back; /* keeper: site_set_back has begun, and not finished     */
    /* count/site_peers: what other runs say, and who looks at it now. */
    _Atomic(struct site_peers *) peers;
    _Atomic uint32_t peer_readers;
    _Atomic uint64_t peer_changes; /* another one when any of it changed            */
    /* number:18 | once:1 | exact:1 | visitors:44 of a day, week, month at number % 2: the
     * most that was answered; and what of the stored rows is other runs'. */
    _Atomic uint64_t peer_most[3][2], peer_live[3][2];
    _Atomic int64_t
        peer_stale_ms;         /* CLOCK_MONOTONIC: until then the store is read anew */
    struct site_damage damage; /* since site_adopt */
    /* What a store has of this run, for the keeper to take up; NULL: nothing waits. */
    _Atomic(struct site_saved *) saved;
    _Atomic uint64_t jumps; /* of the clock, by a day or more, or back */
    /* What the store said when it was read last: on which local day that was, and the
     * next one of which it has a number; INT64_MIN: not read yet. */
    _Atomic int64_t read_day, ahead_day;
    /* Unix seconds of the first view that the store knows of, of any run; 0: of none. */
    _Atomic int64_t stored_live_s;
    /* Bit number % N: the stored visitors of that row are an estimate; and those of all
     * months together. The reader's, with the rows; not kept: it reads them at each start. */
    _Atomic uint64_t about_day[(SITE_DAYS + 63) / 64], about_week, about_month,
        about_total;
    struct site_tops tops;
    _Atomic uint64_t rate; /* the bucket of site_rate_limit (count/rate.h) */
    /* count/site_refused: its page, NULL until it is backed, and what came before it was. */
    _Atomic(struct site_refused *) refused;
    _Atomic uint64_t refused_early[REFUSALS_COUNT];
    _Atomic bool refused_waits;
    _Atomic(struct site_engaged *) engaged; /* NULL: it is not backed yet */
};

/* A key that is linked, as a turn found it. */
struct lane_key {
    const struct visitors_table *table;
    const struct hash_key *key;
    int64_t from; /* its first slot                     */
    uint64_t met; /* of the key, for count/met; no two keys have the same */
};

/* What one worker remembers of one site between turns and adds at its turn's end. */
struct site_lane {
    const struct site_terms *terms; /* of this turn                       */
    uint64_t terms_version;         /* that `periods` were computed under */
    struct visit_periods periods;
    struct lane_key key[SITE_KEYS]; /* of this turn, as `keys`            */
    unsigned keys;
    int64_t floor_q, now_slot, slot;
    const struct topk_table *tops; /* of tops_day; NULL: it is not there          */
    int64_t tops_day;              /* local, of views of now                      */
    uint64_t tops_era, tops_life;  /* topk_era; its life, 0: nothing is known by heart */
    int64_t own_s;                 /* the earliest of this turn; INT64_MAX: none */
    uint32_t views, visits;        /* not added to the ring yet */
    uint32_t day, known, engaged;  /* of which local day; visits by visitors that are
                                     known, and second views: not added yet */
    bool is_known, is_second;      /* of the view at hand */
    bool undated;    /* of this turn: no slot can take it, see site_visit.c */
    bool owes_entry; /* site_visit's last opened a visit with a page that was known by
                        heart, and whose entry page is not counted */
    bool touched;    /* in this turn        */
    struct name_lane *names;   /* its worker's; NULL: tops are added at once */
    struct met *met;           /* its worker's; NULL: everybody is looked for */
    struct regulars *regulars; /* its worker's; NULL: as met                    */
    bool newcomer; /* site_visit's last was seen by no key of the site before */
    struct refused_lane refused; /* count/site_refused */
};

/* Asks for the memory of what site_recall looks at. */
static inline void site_expect(const struct site_lane *lane, const struct visit *visit,
                               enum visit_part part)
{
    if (lane->tops_life != 0)
        regulars_expect(lane->regulars,
                        regulars_tag(lane->tops_life, visit->habit[part]));
}

/* Whether site_recall would know it, if nothing comes between. */
static inline bool site_may_recall(const struct site_lane *lane,
                                   const struct visit *visit, enum visit_part part)
{
    return lane->tops_life != 0 &&
           regulars_has(lane->regulars,
                        regulars_tag(lane->tops_life, visit->habit[part]));
}

/* A view of now, a part of whose habits is known: sets `regular` where that is known by
 * heart, until the worker's next site_visit. Is it? After site_lane_open. */
static inline bool site_recall(const struct site_lane *lane, struct visit *visit,
                               enum visit_part part)
{
    struct regular *is = NULL;

    if (lane->tops_life != 0)
        is = regulars_find(lane->regulars, lane->names,
                           regulars_tag(lane->tops_life, visit->habit[part]));
    visit->regular[part] = is;
    return is != NULL;
}

/* The keeper waits for one grace at a time: whoever needs one takes the ticket
 * `begun + 1`, and goes on when `over` has reached it. */
struct graces {
    struct grace grace;
    uint64_t begun, over;
};

/* --- Start, before any worker --- */
/* Of the sizes and offsets that all versions which are read share (count/site_layout.h):
 * another build's arena is not taken for ours. */
uint64_t site_layout_hash(void);
void site_attach(struct site *s, struct arena *a, unsigned index);
/* Backs and zeroes the block and the first table's start; state SITE_BLANK.
 * ERR_NOSPACE. */
int site_make(struct site *s, struct arena *a, struct instant now);
/* Gives a blank site its key (and an auto site its host) and makes it live. */
void site_name(struct site *s, struct slice key, struct slice host);
/* After kill -9 or a stop: which site it is, before it has terms; then makes the block
 * whole again. */
void site_check_name(struct site *s);
void site_adopt(struct site *s, struct arena *a, struct instant now);
/* NULL: no memory, or no such zone. */
struct site_terms *site_terms_new(const struct site_config *config);
/* The same for many sites in one go, most of which have one zone: *near is the zone that was
 * read last, at first NULL, at last the caller's to free. */
struct site_terms *site_terms_new_near(const struct site_config *config,
                                       struct zone **near);
void site_terms_free(struct site_terms *t);
/* But for the version. false may be said of equal ones. */
bool site_terms_equal(const struct site_terms *a, const struct site_terms *b);

/* --- Worker, inside a turn --- */
/* Opens the site for this turn: reads the floor, the terms and, when the hour has turned,
 * the periods; finds the day's tops. */
void site_lane_open(struct site *s, struct site_lane *lane, int64_t now_slot);
/* Asks for the memory that site_visit will look at, where something else is done between each
 * of these and the next: where the visitor is met, and then where his word is. False: he is a
 * stranger, whose fingerprint takes its time; so it is asked for by who means to count him. */
void site_expect_visitor(const struct site_lane *lane, struct visit *visit);
bool site_expect_known(const struct site_lane *lane, const struct visit *visit);
void site_expect_stranger(struct site *s, const struct site_lane *lane,
                          const struct visit *visit);
/* Has a key of the site, that has begun, seen this visitor? True too where a table has
 * forgotten (sketched). After site_lane_open. */
bool site_knows(struct site *s, struct site_lane *lane, const struct visit *visit);
/* True when it opened a new visit. */
bool site_visit(struct site *s, struct site_lane *lane, const struct visit *visit);
/* True when a table's next part should be backed before the next tick: ring the keeper,
 * outside the turn. */
bool site_lane_flush(struct site *s, struct site_lane *lane, int64_t now_s);

/* --- Keeper --- */
/* Whether there may be something to do for it in this tick, which is the keeper's `tick`th:
 * while somebody comes, for two seconds after, and for half a second of each slot. Else once
 * a second, as what a tick does may be late. */
bool site_is_due(struct site *s, struct instant now, uint64_t tick);
/* One tick: assign, close, fold, turn keys over, back, grow, fill, scan. ERR_NOSPACE
 * while a table has no room to grow: it is due until there is. */
int site_keep(struct site *s, struct arena *a, const struct graces *g,
              struct instant now);
/* The clock was set back by more than 15 minutes: first with finish = false, then, a
 * grace later, with true. ERR_NOSPACE: what was counted of days to come is in total
 * only. */
int site_set_back(struct site *s, struct arena *a, struct instant now, bool finish);
void graces_tick_begin(struct graces *g, struct turns *turns);
void graces_tick_end(struct graces *g, struct turns *turns, unsigned workers);

/* The period whose key a site has at a slot: with `identity = day` a day, else a month. */
struct period site_key_period(const struct site_terms *terms, int64_t slot);
/* Any thread: unix seconds when the key that counts now is erased, and every mark made with
 * it; 0: there is none at the moment. */
int64_t site_marks_until(const struct site *s, struct instant now);
/* Any thread: of the key that began in the period which this slot is in. */
enum key_sharing site_key_sharing(const struct site *s, int64_t slot);

/* --- After an adoption that lost numbers ---
 * What a store has of this very run is no more than the truth: own numbers that are less
 * are raised to it, with what they are part of. What was over when it was lost cannot have
 * grown since; in total what was counted since the adoption is added to it (damage.h). */
struct site_saved {
    struct hit_count total; /* all of this run */
    unsigned raised;        /* numbers: told once it is done */
    unsigned unread;        /* site_damage */
    _Atomic bool done;
    size_t count;
    struct saved_own {
        enum saved_kind { SAVED_DAY, SAVED_WEEK, SAVED_MONTH, SAVED_QUARTER } kind;
        int64_t number;
        uint64_t metric[METRIC_KINDS];
    } row[];
};
/* Any thread: numbers were lost, and no store has been asked for them yet. Nothing of the
 * site may be saved before, or what it counts now would be taken for what was lost. */
bool site_awaits_saved(const struct site *s);
/* It has been said what was lost and mended. Before any worker. */
void site_damage_told(struct site *s);
/* The keeper, or before any worker; once. */
void site_raise(struct site *s, struct site_saved *saved);
/* The reader thread: the keeper does it at its next tick, and `saved` is the keeper's until
 * then. Not while another one waits. */
void site_raise_soon(struct site *s, struct site_saved *saved);
bool site_raise_waits(const struct site *s);
/* The reader thread: what was given to the keeper, once that is done; NULL: nothing is. */
struct site_saved *site_raise_done(struct site *s);
/* One number of it; true: it was less. */
bool site_raise_day(struct site *s, int64_t day, const uint64_t least[METRIC_KINDS]);
bool site_raise_row(struct site *s, enum period_kind kind, int64_t number,
                    uint64_t visitors);

/* --- The reader thread --- */
void site_set_day(struct site *s, int64_t day, const uint64_t other[METRIC_KINDS],
                  const uint64_t imported[METRIC_KINDS]);
void site_set_row(struct site *s, enum period_kind kind, int64_t number,
                  uint64_t other_visitors);
void site_set_totals(struct site *s, const struct site_seed seed[METRIC_KINDS],
                     const struct site_totals *totals);
/* Before the row or the totals themselves: are their visitors an estimate? */
void site_set_about(struct site *s, enum period_kind kind, int64_t number, bool about);
void site_set_total_about(struct site *s, bool about);

/* The name that people know it by; block->key is what it is kept under. Any thread, good as
 * long as the registry is open. */
const char *site_shown_key(const struct site *s);

/* --- Numbers, any thread ---
 * All include every turn that has ended, but for visitors of sliding windows longer than
 * online's of a table with more than 8,192 words: those are as of this slot's start. */
enum site_span {
    SPAN_LAST_HOUR,
    SPAN_LAST_24H,
    SPAN_LAST_7D,
    SPAN_TODAY,
    SPAN_YESTERDAY,
    SPAN_WEEK,
    SPAN_LAST_WEEK,
    SPAN_MONTH,
    SPAN_LAST_MONTH,
    SPAN_TOTAL,
    SPANS
};

struct site_numbers {
    uint64_t metric[METRIC_KINDS]; /* views, visits, visitors: enum metric            */
    bool exact;                    /* the visitors                                    */
    bool deduplicated;             /* false: visitors are a sum of shorter periods    */
    double error;                  /* relative standard error of visitors, 0 if exact */
};

struct site_online {
    uint64_t visitors;
    int64_t window_s;
    bool exact;
};

/* Another number as soon as something was counted in this slot, or a seed or import
 * arrived: a document made in this second is still the right one while this stays the
 * same. Some loads. */
uint64_t site_changes(const struct site *s, struct instant now);
/* The same without what other nodes counted. */
uint64_t site_own_changes(const struct site *s, struct instant now);
const char *site_span_name(enum site_span span);
void site_span(const struct site *s, enum site_span span, struct instant now,
               struct site_numbers *ret_numbers);
/* One metric only: what a widget needs. */
uint64_t site_metric(const struct site *s, enum site_span span, enum metric metric,
                     struct instant now);
struct site_online site_online(const struct site *s, struct instant now);
/* A local day: this arena's, and everything. false when the rows at hand do not reach so
 * far back. */
bool site_own_day(const struct site *s, int64_t day, struct instant now,
                  struct site_numbers *ret_numbers);
/* The same of a day that the arena knows though it is not at hand: one to come, or long
 * past, of a clock that was wrong. What a store must have. */
void site_kept_day(const struct site *s, int64_t day, struct site_numbers *ret_numbers);
/* Its views and visits will not change any more. */
bool site_day_is_final(const struct site *s, int64_t day);
bool site_whole_day(const struct site *s, int64_t day, struct instant now,
                    struct site_numbers *ret_numbers);
/* Visitors of a week or month (or day) by this arena alone. */
uint64_t site_own_visitors(const struct site *s, enum period_kind kind,
                           const struct period *p, bool *ret_exact);
/* Has the reader ever brought what the store knows? */
bool site_has_history(const struct site *s);
void site_read_seed(const struct site *s, struct site_seed ret_seed[METRIC_KINDS],
                    struct site_totals *ret_totals);
/* This arena's views or visits of the quarters that [from, until) has, for a seed's
 * offsets. */
uint64_t site_live_before(const struct site *s, enum metric metric, int64_t from_slot,
                          int64_t until_slot);
bool site_is_exact(const struct site *s);
/* What a span counted live (no seed, nothing imported): the offset that a seed as of now
 * must have for exactly its own number to be answered. Total: without adjustments too. */
void site_counted(const struct site *s, enum site_span span, struct instant now,
                  uint64_t ret_metric[METRIC_KINDS]);
/* The visitors of today by this arena, for a store's sketch. */
void site_today_hll(const struct site *s, struct instant now, struct hll *ret_hll);
/* Which key a table's visitors are marked with, and nothing else about it: 63 bits. The key
 * is held. */
uint64_t site_key_id(const struct site *s, int key);
/* What imported visitors are marked with: changes with the site's own key. */
void site_import_key(const struct site *s, struct hash_key *ret_key);

#endif
