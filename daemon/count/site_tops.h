/* Floor 2 (count). The tops and pages of a site: three tables of a day each (yesterday's,
 * today's, and tomorrow's when it is near), and one of pages. Day d is in table d % 3. All
 * is in the arena; a silent site backs two pages of 4 KiB for it. After a clock that jumped
 * over days the new day's table comes some ticks later: a view before it is in no table.
 *
 *   a day's table: not there -> (keeper) ready, nobody's -> (first comer's CAS) the day's
 *   -> when its place is needed, three days later (keeper) retired, a grace, no reader ->
 *   punched, not there */
#ifndef LUOT_COUNT_SITE_TOPS_H
#define LUOT_COUNT_SITE_TOPS_H

#include "base/clock.h"
#include "count/pages.h"
#include "count/topk.h"
#include "identify/visit.h"

struct site;
struct site_lane;
struct graces;
struct tops_base;

enum { TOPS_DAYS = 3 };

struct site_tops { /* as a process sees it */
    struct topk_table day[TOPS_DAYS];
    struct pages_table pages;
    _Atomic bool pages_loaded; /* the reader's: what the store has of pages is in place */
    _Atomic bool ready;        /* the head is backed; the keeper's         */
    int64_t kept_slot;         /* keeper: days were looked at in that slot */
    uint64_t kept_terms;       /* keeper: the version of terms that it was under */
    uint64_t ticket[TOPS_DAYS];       /* keeper: the grace that a table waits for */
    _Atomic(struct tops_base *) base; /* count/top_sum: the reader's; NULL: none       */
    _Atomic uint32_t base_readers;
    _Atomic uint32_t readers[TOPS_DAYS]; /* outside turns: it is not punched         */
};

/* --- Start, before any worker --- */
void site_tops_attach(struct site *s);
/* Backs the head; `fresh`: a new range, what lies there is nothing. ERR_NOSPACE: the keeper
 * tries again. */
int site_tops_make(struct site *s, struct arena *a, bool fresh, int64_t now_slot);

/* --- Worker, inside a turn --- */
/* The table of a local day, until the turn ends; NULL: not there, or another day's. */
const struct topk_table *site_tops_of(const struct site *s, int64_t day);
/* A view or event that was counted; `first_today`: its visitor's first of `day` (local). */
void site_tops_count(struct site *s, struct site_lane *lane, const struct visit *visit,
                     int64_t day, bool new_visit, bool first_today);
/* The entry page of such a view, where lane->owes_entry: its page is there now. */
void site_tops_count_entry(struct site_lane *lane, const struct visit *visit);
/* A bot's view, which counts nowhere else. The lane is open. */
void site_tops_count_bot(struct site *s, const struct site_lane *lane,
                         const struct visit *visit);
bool site_tops_wants(const struct site *s);

/* --- Keeper --- */
int site_tops_keep(struct site *s, struct arena *a, const struct graces *g,
                   int64_t now_slot);

/* --- Any thread --- */
/* The table of a local day, held until site_tops_let_go: NULL when it is not (any more)
 * here. */
const struct topk_table *site_tops_hold(const struct site *s, int64_t day);
void site_tops_let_go(const struct site *s, int64_t day);
/* The days that have a table now; how many. */
unsigned site_tops_days(const struct site *s, int64_t ret_day[TOPS_DAYS]);
/* NULL: not backed. */
const struct pages_table *site_pages(const struct site *s);

#endif
