/* Floor 2 (count), private to site_*.c but for the days at the end. What was counted of a
 * day and has no other place: a view is counted on the day that luot's clock said when it
 * came, whatever the clock says later.
 *
 *      the clock was set back     days from now's on begin again at 0: what they had is
 *                                 kept here, and they go on from it when they come
 *      the clock jumped           from then on: a day takes the row of another one (rows
 *                                 are day % SITE_DAYS) that may be wanted again
 *      overrun                    what no slot could take: of the day, and the quarter, of
 *                                 the last view when the keeper sees it. On both sides of
 *                                 a jump within one tick it is of one day
 *
 *      a day of ours  =  its folded row, or its quarters  +  what is kept here
 *
 * The table is two copies of two pages in the site's range, backed by whoever first needs
 * it, and one word of the block that says which copy is valid: a check word, since an older
 * copy holds its check too, and once more in the seal. A change fills the other copy and
 * then stores the word: all of it or nothing. Where rows or quarters must lose what is kept
 * here from then on, the word is `busy` until they have, readers wait those microseconds,
 * and the copy says what is to be done: an adoption does it again.
 *
 * It holds ASIDE_DAYS days; of more the earliest are forgotten here. A store has them, and
 * series show them, but if such a day comes once more before the arena is a new one, its
 * row in the store keeps the greater count and not the sum. The same is true of days that
 * went by more than SITE_DAYS days before the clock first jumped, and of quarter-hours, of
 * which it holds the ASIDE_QUARTERS next to where the clock was set back to. */
#ifndef LUOT_COUNT_SITE_ASIDE_H
#define LUOT_COUNT_SITE_ASIDE_H

#include "count/site.h"

enum {
    ASIDE_DAYS = 96,
    ASIDE_QUARTERS = 160,
    OPEN_DAYS = 8, /* of slots that are not closed, next to the first one */
    SITE_KEPT_DAYS = SITE_DAYS + ASIDE_DAYS + OPEN_DAYS
};

struct aside_day {
    _Atomic int64_t tag; /* day + 1; 0: free                               */
    struct count3 own;   /* check words; visitors: the most that were seen */
    _Atomic uint64_t exact;
};

/* What a quarter had before it began again: part of its day, told apart for series of
 * hours. */
struct aside_quarter {
    _Atomic int64_t tag; /* q + 1; 0: free */
    _Atomic uint64_t visits, views;
};

struct aside_copy {
    _Atomic uint64_t check; /* hash_fast of what follows                       */
    _Atomic uint64_t booked_visits, booked_views; /* overrun that is in a day   */
    _Atomic int64_t from_q; /* while busy: hits begin again here; -1: they do not */
    _Atomic int64_t row;    /* while busy: the row that loses its day; -1: none   */
    _Atomic int64_t low_tag, high_tag; /* all quarters' are among them */
    struct aside_day day[ASIDE_DAYS];
    struct aside_quarter quarter[ASIDE_QUARTERS];
};

/* --- Keeper, or before any worker --- */
/* Backs the table, once. ERR_NOSPACE: without it, what it should keep is in total only. */
int site_aside_make_room(struct site *s, struct arena *a);
/* Does again what was killed inside, and drops a table that somebody changed (counted in
 * s->damage). First of all that looks at days. */
void site_aside_adopt(struct site *s);
/* hits_restart, with what was counted of the days from now's on kept. All quarters are
 * closed and all whole days folded, and there is room. */
void site_aside_restart(struct site *s, int64_t now_slot);
/* A row that another day is about to take. Nothing without room: the clock never
 * jumped. */
void site_aside_row(struct site *s, unsigned row);
/* Overrun that is in no day yet is of this slot's. ERR_NOSPACE: later. */
int site_aside_book(struct site *s, struct arena *a, int64_t slot);
/* There is overrun that is in no day yet. */
bool site_aside_has_overrun(const struct site *s);

/* --- Any thread --- */
/* A day's numbers, read between the two, belong together; else once more. */
uint64_t site_aside_open(const struct site *s);
bool site_aside_is(const struct site *s, uint64_t state);
void site_aside_add(const struct site *s, uint64_t state, int64_t day,
                    struct hit_count *hits);
/* The most visitors that were seen of a day, 0 when it is not here. */
uint64_t site_aside_visitors(const struct site *s, int64_t day, bool *ret_exact);
/* A quarter of ours, with what it had before it began again. */
struct hit_count site_own_quarter(const struct site *s, int64_t q);
/* What is here of slots (now_slot - slots, now_slot], by the quarters' share of time. */
struct hit_count site_aside_window(const struct site *s, int64_t now_slot, int64_t slots);
unsigned site_aside_quarters(const struct site *s, int64_t ret_q[ASIDE_QUARTERS]);
/* Another number when the clock has jumped since, and each day must be saved once more; 0:
 * it never did. */
uint64_t site_aside_changes(const struct site *s);
unsigned site_aside_days(const struct site *s, int64_t ret_days[ASIDE_DAYS]);
/* Every day that the arena has something of (site_rows.c): here, in a row, or, while what a
 * jump left behind is being closed, in slots only. */
unsigned site_kept_days(const struct site *s, int64_t ret_days[SITE_KEPT_DAYS]);

/* What was counted on days that are still to come. */
struct days_ahead {
    unsigned sites;
    uint64_t views;
    int64_t first_day, last_day; /* local days */
};
/* Adds a site's. */
void site_aside_ahead(const struct site *s, struct instant now, struct days_ahead *sum);

#endif
