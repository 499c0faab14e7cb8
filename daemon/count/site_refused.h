/* Floor 2 (count). What a site was sent and does not count: by reason, for each local day
 * and in all. In a page of the arena, which the keeper backs when the site is sent the first
 * such line, so that the numbers outlive the process and a silent site pays nothing.
 *
 * In the arena only: after a reboot the numbers begin again. What came in the tenth of a
 * second before the page was there is lost by a kill -9. */
#ifndef LUOT_COUNT_SITE_REFUSED_H
#define LUOT_COUNT_SITE_REFUSED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/outcome.h"

struct arena;
struct site;
struct site_lane;

/* The outcomes that are a site's, each with its place. A place is never another
 * outcome's; a new one is the next. */
#define REFUSALS(X)                                                                      \
    X(0, OUTCOME_BOT)                                                                    \
    X(1, OUTCOME_PREFETCH)                                                               \
    X(2, OUTCOME_INTERNAL)                                                               \
    X(3, OUTCOME_SUSPECT)                                                                \
    X(4, OUTCOME_OTHER_SOURCE)                                                           \
    X(5, OUTCOME_ORIGIN)                                                                 \
    X(6, OUTCOME_NOT_PAGE)

enum { REFUSALS_COUNT = 7, REFUSALS_MAX = 64 };

/* One worker's, of one site and turn. */
struct refused_lane {
    uint32_t count[REFUSALS_COUNT];
    bool any;
};

struct site_refused {
    /* day:20 | lines:44, of the day whose number % 2 it is. The day is in the word, so that
     * nobody clears it at midnight. */
    _Atomic uint64_t day[2][REFUSALS_MAX];
    _Atomic uint64_t total[REFUSALS_MAX];
};

/* -1: not a site's. */
int refusal_place(enum outcome outcome);

/* Start: a range that nobody had has no page. */
void site_refused_make(struct site *s);
/* Start, before any worker, and keeper: backs the page when it is wanted, or was there before
 * a kill, and moves there what came early. ERR_NOSPACE: it is tried again. */
int site_refused_keep(struct site *s, struct arena *a, int64_t now_s);

/* Worker, inside a turn, with the site's lane open. */
void site_refuse(struct site_lane *lane, enum outcome outcome);
/* At the turn's end: adds the lane's. True: the page is wanted, ring the keeper. */
bool site_refused_flush(struct site *s, struct site_lane *lane, int64_t now_s);

struct refused_numbers {
    uint64_t today[OUTCOME_COUNT], yesterday[OUTCOME_COUNT], total[OUTCOME_COUNT];
};
/* Any thread; 0 for outcomes that are no site's. A total may be ahead of its day by the
 * turns that end at this moment. */
void site_refused_read(const struct site *s, int64_t now_s,
                       struct refused_numbers *ret_numbers);

#endif
