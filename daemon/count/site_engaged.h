/* Floor 2 (count). Of each local day: how many visits had a second view. Those that had
 * none are the day's bounces.
 *
 * It is told of visits by visitors that a table knows (count/visitors): the word of each
 * says whether its visit has had a second view, so every visit is in `engaged` at most
 * once, by the CAS that decides. Visits without a visitor (DNT, GPC) are in neither number.
 * Workers add a turn's sum, one word a site and turn, and only when there is something to
 * add; kill -9 loses no more than the turn.
 *
 * A clock that is set back leaves the later days' numbers for when they come again; what a
 * clock far ahead has overwritten is not known.
 *
 * In the page in which the site's tops begin, so that a silent site needs none for it. An
 * arena that was made before there was one has it added when it is adopted, and knows
 * nothing of that day yet. */
#ifndef LUOT_COUNT_SITE_ENGAGED_H
#define LUOT_COUNT_SITE_ENGAGED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { ENGAGED_DAYS = 80 /* as SITE_DAYS */ };

/* In the arena. Day d is in word d % ENGAGED_DAYS, d = (tag - 1) * ENGAGED_DAYS + index:
 *
 *      63      54 53              27 26               0
 *     +----------+------------------+------------------+   both counts saturate; tag 0 is
 *     |   tag    |      visits      |     engaged      |   nobody's yet
 *     +----------+------------------+------------------+ */
struct site_engaged {
    _Atomic int64_t from_day; /* + 1: days before it are not known; 0: new */
    _Atomic uint64_t day[ENGAGED_DAYS];
};

struct engaged_count {
    uint64_t visits;  /* by visitors that are known       */
    uint64_t engaged; /* of those: with two views or more */
};

struct arena;
struct site;

/* Of a block that is just made, or of one that is adopted on local day `today`; after
 * site_tops_make, which backs and clears their page. Without it nothing is counted; the
 * keeper makes both again. */
void site_engaged_make(struct site *s);
void site_engaged_adopt(struct site *s, int64_t today);
/* Worker, inside a turn. */
void site_engaged_add(const struct site *s, uint32_t day, uint32_t visits,
                      uint32_t engaged);
/* The clock was set back to this day: days so far ahead that they are in the way of those
 * to come are forgotten. Beside workers. */
void site_engaged_set_back(const struct site *s, int64_t today);
/* Any thread. What this arena counted; false: it does not know. */
bool site_engaged_day(const struct site *s, int64_t day, struct engaged_count *ret_count);

#endif
